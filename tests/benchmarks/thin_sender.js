// What a benchmark asks of a page at the far end of a thin link: `window.asked` is what was last begun there.

async function ready() {
  const names = ["net/api", "voice/outbox", "voice/courier", "voice/fetching", "voice/store"];
  const [api, outbox, courier, fetching, store] = await Promise.all(names.map((name) => import(`/${name}.js`)));
  window.ours = { Api: api.Api, Courier: courier.Courier, outbox, fetching, store };
}

const bytesOf = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)).buffer;

function begin(doing) {
  const since = performance.now();
  window.asked = { over: false, seconds: 0, error: null };
  doing.then(
    (found) => Object.assign(window.asked, { over: true, seconds: (performance.now() - since) / 1000, ...found }),
    (error) => Object.assign(window.asked, { over: true, error: String(error) }),
  );
}

/** By the outbox of the phone, without the seconds in which it can be taken back. */
async function sendOurs({ key, encoded, wished, sender }) {
  const { Api, Courier, outbox } = window.ours;
  const finished = { key, bytes: bytesOf(encoded), mime: "audio/ogg", duration_ms: 60_000, peaks: [], recorded_at: Date.now() };
  await outbox.add(finished, wished, sender);
  await outbox.again(key);
  return () =>
    new Promise((done) => {
      let breaks = 0;
      const look = async () => {
        const [item] = await outbox.list(sender.owner);
        if (!item) done({ breaks });
        else if (item.tries > breaks) breaks = item.tries;
      };
      outbox.subscribe(look);
      new Courier(new Api(sender.face), sender);
    });
}

/** By tus-js-client as it comes. Where it gives up, somebody asks it again. */
async function sendTheirs({ key, encoded, wished, sender }) {
  const file = new Blob([bytesOf(encoded)], { type: "audio/ogg" });
  const { child_id, contact_id } = wished;
  return () =>
    new Promise((done) => {
      let breaks = 0;
      const upload = new window.tus.Upload(file, {
        endpoint: "/uploads",
        headers: { "Homethread-Face": sender.face },
        metadata: { key, filetype: "audio/ogg", child_id, contact_id },
        onSuccess: () => done({ breaks }),
        onError: () => {
          breaks++;
          setTimeout(() => upload.start(), 5_000);
        },
      });
      upload.start();
    });
}

/** As a terminal fetches what it was told of: the family's thread, then the recording, on from wherever it broke off. */
async function fetchIt({ familyId, messageId, face }) {
  const { Api, fetching } = window.ours;
  const { messages } = await new Api(face).get(`/api/families/${familyId}/thread`);
  const message = messages.find(({ id }) => id === messageId);
  for (let breaks = 0; ; breaks++) {
    try {
      const recording = await fetching.fetchRecording(message, { face });
      return { bytes: recording.size, breaks };
    } catch (error) {
      if (breaks === 5) throw error;
    }
  }
}
