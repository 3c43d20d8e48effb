// An SMSC of somebody else's making (the npm package smpp), told by lines of JSON how to behave.
// It says what happens by lines of JSON. Arguments: port, system_id, password.
import { createInterface } from "node:readline";
import smpp from "smpp";

const [port, system_id, password] = process.argv.slice(2);
const say = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);
const STATES = ["", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"];

/** How it behaves; `behave` changes some of it. */
const WELL = {
  submit: "accept", // refuse (with `status`), hang (taken, no answer), drop (taken, hung up)
  status: 0,
  times: 1e9, // that many submits are treated so, then accepted
  after: 0, // the first that many are accepted
  receipts: "once", // never, twice
  receipt_after_ms: 0,
  receipt_first: false, // before the answer to the submit
  receipt_form: "text", // tlv
  receipt_digits: 0, // at least as many in an id, zeros in front
  state: "DELIVRD",
  ids: "decimal", // hex: in answers to submits, while receipts stay decimal
  bind: "accept", // hang, or a status
  answers_enquiries: true,
  reversed: 0, // hold as many answers back and give them in reverse
  again_ms: 300, // after it was refused for now
  deliveries: "one", // all: without waiting for answers
};
const ways = { ...WELL };
let ids = 4000;
let held = [];
let waiting = []; // what is to be delivered, until somebody has acknowledged it
const listeners = new Set();

function serve(session) {
  session.on("error", () => {});
  session.on("close", () => {
    listeners.delete(session);
    for (const each of waiting) if (each.session === session) each.session = null;
    say({ event: "closed" });
  });
  for (const command of ["bind_transceiver", "bind_receiver", "bind_transmitter"]) session.on(command, (pdu) => bind(session, pdu));
  session.on("enquire_link", (pdu) => {
    say({ event: "enquired" });
    if (ways.answers_enquiries) session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    say({ event: "unbound" });
    session.send(pdu.response());
    session.close();
  });
  session.on("submit_sm", (pdu) => submit(session, pdu));
}

function bind(session, pdu) {
  say({ event: "bind", command: pdu.command, system_type: pdu.system_type });
  if (ways.bind === "hang") return;
  const is_known = pdu.system_id === system_id && pdu.password === password;
  const command_status = ways.bind !== "accept" ? ways.bind : is_known ? 0 : smpp.ESME_RINVPASWD;
  session.send(pdu.response({ command_status, system_id }));
  if (command_status || pdu.command === "bind_transmitter") return;
  listeners.add(session);
  deliver();
}

function submit(session, pdu) {
  const treated = ways.after > 0 ? (ways.after--, "accept") : ways.times > 0 ? (ways.times--, ways.submit) : "accept";
  if (treated === "refuse") return session.send(pdu.response({ command_status: ways.status }));
  const id = ++ids;
  const { udh = [], message } = pdu.short_message;
  say({
    event: "submitted", id, text: message, header: udh.map((each) => each.toString("hex")), coding: pdu.data_coding,
    number: pdu.destination_addr, sender: pdu.source_addr, registered: pdu.registered_delivery,
    ton: [pdu.source_addr_ton, pdu.dest_addr_ton], esm_class: pdu.esm_class,
  });
  if (treated === "drop") return session.destroy();
  const answer = () => session.send(pdu.response({ message_id: ways.ids === "hex" ? id.toString(16).padStart(8, "0") : String(id) }));
  if (ways.receipt_first) receipt(pdu, id);
  if (treated !== "hang") answer_in_turn(answer);
  if (!ways.receipt_first) receipt(pdu, id);
}

function answer_in_turn(answer) {
  held.push(answer);
  if (held.length < ways.reversed) return;
  for (const each of held.reverse()) each();
  held = [];
}

function receipt(pdu, id) {
  if (!(pdu.registered_delivery & 1)) return;
  const times = { once: 1, twice: 2, never: 0 }[ways.receipts];
  const said = `id:${String(id).padStart(ways.receipt_digits, "0")} sub:001 dlvrd:001 submit date:2611261200 done date:2611261200 stat:${ways.state} err:000 text:`;
  const tlvs = { receipted_message_id: String(id), message_state: STATES.indexOf(ways.state) };
  const fields = {
    source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, data_coding: 0,
    ...(ways.receipt_form === "tlv" ? tlvs : { short_message: Buffer.from(said) }),
  };
  for (let n = 0; n < times; n++) setTimeout(() => put({ name: `receipt ${id}`, fields }), ways.receipt_after_ms);
}

function put(one) {
  waiting.push({ session: null, ...one });
  deliver();
}

/** Hand out what waits, one at a time unless told otherwise; what is not acknowledged comes again. */
function deliver() {
  for (const each of [...waiting]) {
    if (ways.deliveries === "one" && waiting.some((other) => other.session)) return;
    const [session] = listeners;
    if (!session || each.session || each.rests) continue;
    each.session = session;
    say({ event: "handed", name: each.name });
    session.deliver_sm({ ...each.fields }, (pdu) => {
      say({ event: "acknowledged", name: each.name, status: pdu.command_status });
      each.session = null;
      if (pdu.command_status === smpp.ESME_RX_T_APPN) rest(each);
      else waiting = waiting.filter((other) => other !== each);
      deliver();
    });
  }
}

function rest(each) {
  each.rests = true;
  setTimeout(() => ((each.rests = false), deliver()), ways.again_ms);
}

const commands = {
  behave: (changed) => Object.assign(ways, changed),
  echo: (mark) => say({ event: "echo", mark }),
  forget() {
    Object.assign(ways, WELL);
    held = [];
    waiting = [];
  },
  deliver: ({ name, octets, ...fields }) => put({ name, fields: { ...fields, short_message: Buffer.from(octets, "hex") } }),
  kick: () => server.sessions.forEach((session) => session.destroy()),
  nonsense: (hex) => server.sessions.forEach((session) => session.socket.write(Buffer.from(hex, "hex"))),
};

const server = smpp.createServer(serve);
server.listen(Number(port), "127.0.0.1", () => say({ event: "ready" }));
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = JSON.parse(line);
  commands[command](argument);
}
process.exit();
