// What a person would hear of a call: the microphone is a voice without pauses, and each silence of the other end's is
// counted, as it is played. For tests of what must not be heard: a gap.
(() => {
  const context = new AudioContext();
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);

  function voice(hertz) {
    const destination = context.createMediaStreamDestination();
    const gain = new GainNode(context, { gain: 0.2 });
    const throat = new OscillatorNode(context, { type: "sawtooth", frequency: hertz });
    const waver = new OscillatorNode(context, { frequency: 5 });
    waver.connect(new GainNode(context, { gain: hertz / 5 })).connect(throat.frequency);
    throat.connect(gain).connect(destination);
    throat.start();
    waver.start();
    return [destination.stream.getAudioTracks()[0], gain.gain];
  }

  const ears = { loudness: null, silences: [], context };
  ears.speak = (hertz) => {
    devices.getUserMedia = async (wish) => {
      const stream = wish.video ? await ask({ video: wish.video }) : new MediaStream();
      if (!wish.audio) return stream;
      const [track, loudness] = voice(hertz);
      ears.loudness = loudness;
      stream.addTrack(track);
      return stream;
    };
  };

  // From now on; a silence that goes on is counted too.
  ears.listen = () => {
    context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    const samples = new Float32Array(1024);
    let [track, source, since] = [null, null, performance.now()];
    ears.silences = [];
    clearInterval(ears.timer);
    ears.timer = setInterval(() => {
      const [playing = null] = document.querySelector(".call__remote")?.srcObject?.getAudioTracks() ?? [];
      if (playing !== track) {
        source?.disconnect();
        track = playing;
        source = track && context.createMediaStreamSource(new MediaStream([track]));
        source?.connect(analyser);
      }
      analyser.getFloatTimeDomainData(samples);
      const loud = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      const at = performance.now();
      if (loud > 0.003) {
        if (at - since > 60) ears.silences.push({ at: Math.round(since), ms: Math.round(at - since) });
        since = at;
      }
      ears.since = since;
    }, 10);
  };
  ears.longest = () => Math.round(Math.max(performance.now() - ears.since, 0, ...ears.silences.map(({ ms }) => ms)));
  window.ears = ears;
})();
