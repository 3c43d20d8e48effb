// What a person would hear of a call: the microphone is a voice of syllables without pauses, and each silence of the other end's is
// counted, as it is played. For tests of what must not be heard: a gap.
(() => {
  const context = new AudioContext();
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);

  function voice(hertz) {
    const destination = context.createMediaStreamDestination();
    // Swells as syllables do: what is always the same an encoder takes for noise, and sends less and less of it.
    const syllables = new GainNode(context, { gain: 0.14 });
    const swell = new OscillatorNode(context, { frequency: 2.5 + hertz / 150 });
    const gain = new GainNode(context, { gain: 1 });
    const throat = new OscillatorNode(context, { type: "sawtooth", frequency: hertz });
    const waver = new OscillatorNode(context, { frequency: 5 });
    waver.connect(new GainNode(context, { gain: hertz / 5 })).connect(throat.frequency);
    swell.connect(new GainNode(context, { gain: 0.12 })).connect(syllables.gain);
    throat.connect(syllables).connect(gain).connect(destination);
    throat.start();
    swell.start();
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

  // From now on, in the time of the sound itself: a page that is held up for a while hears nothing, which is no silence.
  ears.listen = () => {
    context.resume();
    const [most, block, rate] = [32_768, 480, context.sampleRate];
    const analyser = new AnalyserNode(context, { fftSize: most });
    const samples = new Float32Array(most);
    let [track, source, heard_s, run_ms] = [null, null, context.currentTime, 0];
    Object.assign(ears, { silences: [], unheard_ms: 0, handover_ms: null });
    let handing_ms = null; // since another connection's voice took the place of the one before
    const end = () => {
      if (handing_ms !== null) ears.handover_ms = Math.max(ears.handover_ms ?? 0, handing_ms);
      handing_ms = null;
      if (run_ms > 60) ears.silences.push(run_ms);
      run_ms = 0;
    };
    clearInterval(ears.timer);
    ears.timer = setInterval(() => {
      const [playing = null] = document.querySelector(".call__remote")?.srcObject?.getAudioTracks() ?? [];
      if (playing !== track) {
        source?.disconnect();
        if (track && playing) handing_ms = run_ms;
        track = playing;
        source = track && context.createMediaStreamSource(new MediaStream([track]));
        source?.connect(analyser);
      }
      analyser.getFloatTimeDomainData(samples);
      const count = Math.round((context.currentTime - heard_s) * rate);
      heard_s = context.currentTime;
      if (count > most) {
        ears.unheard_ms += Math.round((count / rate) * 1000);
        return void (run_ms = 0);
      }
      for (let from = most - count; from + block <= most; from += block) {
        let sum = 0;
        for (let place = from; place < from + block; place++) sum += samples[place] ** 2;
        if (Math.sqrt(sum / block) > 0.003) end();
        else [run_ms, handing_ms] = [run_ms + 10, handing_ms === null ? null : handing_ms + 10];
      }
      ears.run_ms = run_ms;
    }, 30);
  };
  ears.longest = () => Math.max(ears.run_ms ?? 0, 0, ...ears.silences);
  window.ears = ears;
})();
