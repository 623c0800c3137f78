// What the annotation's front end stands on: nodes, storage, the way to the server or kernel, answers, time.

const KEEP = "videophy-lab:annotate";
const IDLE_SECONDS = 60;

function h(tag, settings = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// a browser may keep nothing for a page, and may say so at any time
function recall(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}
function keep(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch { return false; }
}
function listKept(start) {
  try { return Object.keys(localStorage).filter((name) => name.startsWith(start)); } catch { return []; }
}

// ---- to the server, or to the kernel: each promise fails with `refused` when sending again cannot help

function overHttp() {
  const silent = () => { throw new Error("the server does not answer"); };
  const ask = async (path, body) => {
    const settings = { signal: AbortSignal.timeout(20000) };
    if (body) Object.assign(settings, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const reply = await fetch(path, settings).catch(silent);
    const value = await reply.json().catch(() => { throw new Error("the server answers something else"); });
    if (!reply.ok) throw Object.assign(new Error(value.error), { refused: reply.status === 400 || reply.status === 422 });
    return value;
  };
  // the whole file, so that a video that is there stays there whatever becomes of the server
  const load = async (path) => {
    const reply = await fetch(path, { signal: AbortSignal.timeout(120000) }).catch(silent);
    if (!reply.ok) throw new Error((await reply.json().catch(() => ({}))).error || `the server answers with status ${reply.status}`);
    return URL.createObjectURL(await reply.blob().catch(silent));
  };
  return {
    open: (annotator) => ask("open", { annotator }),
    answer: (message) => ask("answer", message),
    footage: async (key) => {
      const footage = await ask(`footage/${key}`);
      return footage.fault ? { ...footage, src: "" } : { ...footage, src: await load(footage.src) };
    },
    close: () => {},
  };
}

function overComm(model) {
  const waiting = new Map();
  const hear = (reply, buffers) => {
    const asked = waiting.get(reply.id);
    if (!asked) return;
    waiting.delete(reply.id);
    clearTimeout(asked.timer);
    if (reply.error) asked.reject(Object.assign(new Error(reply.error), { refused: reply.refused }));
    else asked.resolve({ value: reply.value, buffers });
  };
  model.on("msg:custom", hear);
  const ask = (what, body, seconds) => new Promise((resolve, reject) => {
    const id = newId();
    const fail = () => {
      waiting.delete(id);
      reject(new Error("the kernel does not answer; run the cell again"));
    };
    waiting.set(id, { resolve, reject, timer: setTimeout(fail, 1000 * seconds) });
    try { model.send({ id, what, body }); } catch { fail(); }
  });
  return {
    open: async (annotator) => (await ask("open", { annotator }, 60)).value,
    answer: async (message) => (await ask("answer", message, 4)).value,
    footage: async (key) => {
      const { value, buffers } = await ask("footage", { key }, 60);
      const blob = buffers.length ? new Blob([buffers[0]], { type: "video/mp4" }) : null;
      return { ...value, src: blob ? URL.createObjectURL(blob) : "" };
    },
    close: () => model.off("msg:custom", hear),
  };
}

// ---- answers on their way: kept in the browser until the other side has them on its disk

function makeOutbox(link, start, annotator, { sent, refused, changed }) {
  const own = start + newId();
  const queue = [];
  let sending = false, wait = 0, timer = 0;
  const box = { trouble: "", kept: true, count: () => queue.length, add, flush, close };

  function save() {
    box.kept = keep(own, queue.length ? JSON.stringify(queue) : null);
  }

  // what a page that was closed could not send; an answer that arrives twice is taken once
  for (const name of listKept(start)) {
    try { queue.push(...JSON.parse(recall(name))); } catch { /* not ours */ }
    save();
    keep(name, null);
  }

  function add(message) {
    queue.push(message);
    save();
    changed();
    wait = 0;
    flush();
  }

  async function flush() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    while (queue.length) {
      try {
        const reply = await link.answer({ ...queue[0], annotator, seen: box.seen() });
        queue.shift();
        save();
        [box.trouble, wait] = ["", 0];
        sent(reply);
      } catch (error) {
        if (error.refused) {
          const [message] = queue.splice(0, 1);
          save();
          refused(message, error.message);
        } else {
          box.trouble = error.message;
          wait = Math.min(wait * 2 || 500, 8000);
          timer = setTimeout(flush, wait);
          break;
        }
      }
    }
    sending = false;
    changed();
  }

  function close() { clearTimeout(timer); }
  return box;
}

// ---- the annotator's seconds: not those in another tab, nor those away from the desk

function makeClock() {
  let spent = 0, last = performance.now(), touched = last;
  const tick = () => {
    const now = performance.now();
    if (!document.hidden && now - touched < 1000 * IDLE_SECONDS) spent += Math.min(now - last, 1000) / 1000;
    last = now;
  };
  const timer = setInterval(tick, 250);
  return {
    touch: () => { tick(); touched = last; },
    take: () => { tick(); const seconds = spent; spent = 0; return seconds; },
    close: () => clearInterval(timer),
  };
}

function sayTime(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
