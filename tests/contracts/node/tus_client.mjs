// tus-js-client, told line by line what to upload: each client of the script is one upload.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Upload } from "tus-js-client";

const uploads = new Map();

function begin(client, { path, options }) {
  const say = (said) => process.stdout.write(`${JSON.stringify({ client, said })}\n`);
  const { abort_after: abortAfter, ...rest } = options;
  const upload = new Upload(readFileSync(path), {
    ...rest,
    onUploadUrlAvailable: () => say({ event: "made", url: upload.url }),
    onProgress: (sent) => say({ event: "progress", sent }),
    onChunkComplete: (_size, accepted) => {
      say({ event: "chunk", accepted });
      if (abortAfter && accepted >= abortAfter && !upload.wasAborted) {
        upload.wasAborted = true;
        upload.abort().then(() => say({ event: "aborted" }));
      }
    },
    onSuccess: () => say({ event: "success", url: upload.url }),
    onError: (error) =>
      say({ event: "error", status: error.originalResponse?.getStatus() ?? null, message: error.message }),
  });
  uploads.set(client, { upload, say });
  upload.start();
}

const commands = {
  upload: begin,
  start: (client) => uploads.get(client).upload.start(),
  abort: async (client, terminate) => {
    const { upload, say } = uploads.get(client);
    await upload.abort(terminate);
    say({ event: "aborted" });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { client, command, argument } = JSON.parse(line);
  commands[command](client, argument);
}
