// Sets a page's calls back to what the browser does by itself: nothing is capped, no packet time, no codec before
// another, every header extension that the browser knows. Put into a page before its own scripts, by tests alone.
(() => {
  const Real = window.RTCPeerConnection;
  RTCRtpSender.prototype.setParameters = async () => {};
  for (const name of ["setHeaderExtensionsToNegotiate", "setCodecPreferences"]) RTCRtpTransceiver.prototype[name] = () => {};

  const section = (line) => line.startsWith("a=rtcp-fb:") || line.startsWith("a=extmap");
  const media = (sdp) => sdp.split(/(?=^m=)/m);
  // What the browser itself would have said of each medium: asked once, of a connection of its own.
  const own = (async () => {
    const asked = new Real();
    for (const kind of ["audio", "video"]) asked.addTransceiver(kind);
    const { sdp } = await asked.createOffer();
    asked.close();
    return Object.fromEntries(media(sdp).slice(1).map((part) => [part.match(/^m=(\w+)/)[1], part]));
  })();
  const untuned = async (sdp) => {
    const usual = await own;
    return media(sdp)
      .map((part) => {
        const [, kind] = part.match(/^m=(audio|video)/) ?? [];
        return kind ? restored(part, usual[kind], kind) : part;
      })
      .join("");
  };
  const restored = (part, usual, kind) => {
    const formats = part.match(/^m=\S+ \S+ \S+ (.*)$/m)[1].trim().split(" ");
    const known = usual.match(/^m=\S+ \S+ \S+ (.*)$/m)[1].trim().split(" ").filter((format) => formats.includes(format));
    const speaksOf = (line) => known.includes(line.match(/^a=rtcp-fb:(\d+)/)?.[1] ?? known[0]);
    const lines = part.split("\r\n").filter(Boolean).filter((line) => !section(line) && !/^(a=(max)?ptime:|b=)/.test(line));
    const [head, ...rest] = lines.map((line) => {
      if (line.startsWith("m=")) return line.replace(/^(m=\S+ \S+ \S+) .*$/, `$1 ${known.join(" ")}`);
      return kind === "audio" && line.startsWith("a=fmtp:111 ") ? "a=fmtp:111 minptime=10;useinbandfec=1" : line;
    });
    const more = usual.split("\r\n").filter((line) => section(line) && speaksOf(line));
    return [head, ...rest, ...more, ""].join("\r\n");
  };
  const take = Real.prototype.setRemoteDescription;
  Real.prototype.setRemoteDescription = async function (description) {
    return take.call(this, { type: description.type, sdp: await untuned(description.sdp) });
  };
})();
