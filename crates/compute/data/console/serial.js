// The page of a serial line: a plain terminal. It prints, goes back with backspace and to the line's begin, and passes
// over all else that terminals can do.

const status = document.getElementById("status");
const screen = document.getElementById("line");
const KEPT = 200_000;

const address = new URL("websockify", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
address.search = new URLSearchParams({ token: new URLSearchParams(location.search).get("token") ?? "" }).toString();
history.replaceState(null, "", location.pathname);

const socket = new WebSocket(address, ["binary"]);
socket.binaryType = "arraybuffer";
const decoder = new TextDecoder();
let done = "";
let line = [];
let at = 0;
let escape = "";

function print(text) {
  for (const letter of text) {
    if (escape !== "") {
      escape += letter;
      // ESC [ … letter, ESC ] … bell, or ESC and one letter
      const over = escape[1] === "[" ? /^\x1b\[[^@-~]*[@-~]$/ : escape[1] === "]" ? /\x07$|\x1b\\$/ : /^\x1b./s;
      if (escape.length > 1 && (over.test(escape) || escape.length > 200)) {
        if (escape === "\x1b[K" || escape === "\x1b[0K") line.length = Math.min(line.length, at);
        escape = "";
      }
    } else if (letter === "\x1b") {
      escape = letter;
    } else if (letter === "\n") {
      done = (done + line.join("") + "\n").slice(-KEPT);
      line = [];
      at = 0;
    } else if (letter === "\r") {
      at = 0;
    } else if (letter === "\b") {
      at = Math.max(0, at - 1);
    } else if (letter >= " " || letter === "\t") {
      line[at] = letter;
      at += 1;
      if (at > 4096) print("\n");
    }
  }
}

socket.onopen = () => {
  status.textContent = "Serial console. Nothing to see? Press Enter.";
  screen.focus();
};
socket.onmessage = (event) => {
  print(decoder.decode(event.data, { stream: true }));
  screen.textContent = done + line.join("");
  screen.scrollTop = screen.scrollHeight;
};
socket.onclose = () => {
  status.textContent = "Closed. Ask for a new address to go on.";
};

const KEYS = {
  Enter: "\r", Backspace: "\x7f", Tab: "\t", Escape: "\x1b", Delete: "\x1b[3~", Home: "\x1b[H", End: "\x1b[F",
  ArrowUp: "\x1b[A", ArrowDown: "\x1b[B", ArrowRight: "\x1b[C", ArrowLeft: "\x1b[D", PageUp: "\x1b[5~",
  PageDown: "\x1b[6~",
};

function type(text) {
  if (socket.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(text));
}

screen.addEventListener("keydown", (event) => {
  if (event.metaKey || (event.ctrlKey && event.shiftKey)) return;
  let text = KEYS[event.key] ?? ([...event.key].length === 1 ? event.key : "");
  if (event.ctrlKey && !event.altKey && /^[a-z@[\\\]^_ ]$/i.test(event.key)) {
    text = String.fromCharCode(event.key.toUpperCase().charCodeAt(0) & 31);
  }
  if (text !== "") {
    type(text);
    event.preventDefault();
  }
});
screen.addEventListener("paste", (event) => {
  type(event.clipboardData.getData("text").replace(/\r?\n/g, "\r"));
  event.preventDefault();
});
