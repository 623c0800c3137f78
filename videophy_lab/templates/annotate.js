// One front end for the notebook's widget and the stand-alone page. Texts of a task enter the page as text only.
// It stands on the other annotate_*.js and the players of gallery.js, which come before it in one module.

const CANNOT = "cannot be judged";

export default {
  render({ model, el }) {
    const place = el.appendChild(h("div"));
    return mount(place, overComm(model), model.get("settings"));
  },
};

function mount(root, link, settings) {
  root.classList.add("vpl-annotate");
  Object.entries({ tabindex: "0", role: "region", "aria-label": "Annotation", "data-lm-suppress-shortcuts": "true" })
    .forEach(([name, value]) => root.setAttribute(name, value));
  const clock = makeClock();
  const reels = makeReels(link);
  const work = makeWork();
  const { given, isDone, isOpen } = work;
  const tab = newId();
  let outbox = null, at = -1, screen = {}, notice = "";
  let automatic = recall(`${KEEP}:automatic`) !== "no";

  function answer(item, question, value) {
    const when = new Date();
    const seconds = clock.take();
    const name = newId();
    work.learn([[item.id, question, value, when.toISOString(), seconds, name]]);
    outbox.add({ answer_id: name, item: item.id, question, value, given_at: when.getTime(), seconds, tab, shown: Boolean(screen.shown) });
  }

  // ---- videos

  async function showVideos(item) {
    const { stage } = screen;
    const left = () => screen.stage !== stage;
    const footages = await loadFootages(item.videos, reels, left, sayTrouble);
    if (left()) return;
    const fault = footages.find((each) => each.fault)?.fault;
    if (fault) showFault(item, fault);
    else {
      const player = makePlayer(footages, item.videos.length > 1 ? ["Left", "Right"] : ["Video"]);
      stage.replaceChildren(player);
      playTogether();
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) pressPlayer(root, "play");
      await waitForPictures(player, (reason) => left() || showFault(item, reason));
      if (left()) return;
    }
    if (!screen.fault) {
      screen.shown = true;
      stage.dataset.shown = "";
      if (notice === screen.early) setNotice("");
    }
    clock.take();
    const next = work.plan.items.slice(at + 1).find((each) => !isDone(each) && isOpen(each));
    if (next) next.videos.forEach((key) => reels.fetch(key).catch(() => {}));
  }

  function sayTrouble(trouble) {
    screen.fault = trouble;
    if (trouble) screen.stage.replaceChildren(makeWait(`The video cannot be loaded: ${trouble}. Trying again …`));
  }

  // a video that is here, but cannot be seen
  function showFault(item, reason) {
    [screen.shown, screen.fault, screen.retry] = [false, reason, retry];
    delete screen.stage.dataset.shown;
    item.videos.forEach(reels.forget);
    screen.stage.replaceChildren(makeFault(reason, click(retry)));
    setNotice("Try again, or press x to report the video.");
  }

  function retry() {
    Object.assign(screen, { stage: makeStage(), fault: "", retry: undefined });
    root.querySelector(".vpa-stage").replaceWith(screen.stage);
    setNotice("");
    showVideos(screen.item);
  }

  // ---- screens

  function draw(...children) {
    const inside = settings.whole || root.contains(document.activeElement);
    root.replaceChildren(...children);
    if (inside) root.focus({ preventScroll: true });
    drawHead();
  }

  function drawHead() {
    const head = root.querySelector(".vpa-head");
    if (head) fillHead(head, work.measure(), outbox);
    if (head) sayNotice(notice);
  }

  function sayNotice(text) {
    const line = root.querySelector(".vpa-notice");
    if (line) line.textContent = text;
  }

  function setNotice(text) {
    notice = text;
    drawHead();
  }

  function showText(title, lines, button, action) {
    screen = { enter: action };
    notice = "";
    draw(makeHead(work.plan.annotator), makeText(title, lines, button && makeButton(button, action)));
  }

  function showWelcome() {
    const name = makeName(settings.annotator);
    let warned = "";
    const begin = async () => {
      try {
        const opened = await link.open(name.value);
        const [other] = opened.similar;
        if (other === undefined || warned === opened.annotator) return start(opened);
        warned = opened.annotator;
        sayNotice(`Somebody has answered as “${other}” already, and “${warned}” would be another person. If you are the same person, correct the name; if not, press Begin again.`);
      } catch (error) {
        sayNotice(error.message);
      }
    };
    screen = { enter: begin };
    root.replaceChildren(makeText("Watch, and say what you see", WELCOME, h("label", { class: "vpa-name" }, "Your name", name), makeButton("Begin", begin)));
    if (settings.whole) (name.disabled ? root : name).focus();
  }

  function start(opened) {
    work.open(opened);
    const who = opened.annotator;
    keep(`${KEEP}:name`, who);
    outbox?.close();
    outbox = makeOutbox(link, `${KEEP}:${settings.place}:${encodeURIComponent(who)}:`, who, {
      sent: (reply) => {
        const before = work.gate?.passed;
        work.hear(reply);
        if (screen.waiting || (before === null && work.gate.passed !== null)) goOn();
        drawHead();
      },
      refused: (message, reason) => {
        work.forget(message);
        if (screen.waiting) goOn();
        setNotice(`An answer was refused: ${reason}`);
      },
      changed: drawHead,
    });
    outbox.seen = () => work.seen;
    outbox.flush();
    at = -1;
    goOn();
  }

  function goOn() {
    leave();
    const { plan, gate } = work;
    if (gate?.passed === false) return showText("Thank you", [sayFailed(gate)]);
    const found = work.findNext(at);
    if (found === undefined) {
      if (gate && gate.passed === null) return showUndecided();
      return showText("Thank you, that is all", [sayDone(work.measure())]);
    }
    const [before, item] = [plan.items[at], plan.items[found]];
    if (before && item.block > before.block) {
      const lines = sayBlock(before.block, plan.items.at(-1).block, gate);
      return showText(...lines, "Go on", () => showItem(found));
    }
    showItem(found);
  }

  // all of the test is done, and yet it is not decided
  function showUndecided() {
    if (outbox.count()) showText("One moment", ["Your answers are being saved."]);
    else showText("The test cannot be taken", [UNDECIDED], "Try again", retryTest);
    screen.waiting = outbox.count() > 0;
  }

  function retryTest() {
    work.plan.items.filter((item) => item.block === 0).forEach((item) => answer(item, "problem", ""));
    at = -1;
    goOn();
  }

  function goBack() {
    const { found, any } = work.findBefore(at);
    if (found === undefined) return setNotice(any ? "What you answered before you saw the captions stays as it is." : "This is the first video.");
    leave();
    showItem(found);
  }

  // what is typed but not sent yet
  function leave() {
    screen.commit?.();
  }

  function showItem(place) {
    const { items, questions } = work.plan;
    const item = items[place], question = questions[item.kind];
    const changed = items[at]?.kind !== item.kind;
    at = place;
    notice = "";
    screen = { item, choices: question.choices, stage: makeStage(), rule: 0, enter: finish };
    const clicked = { choose: (name, value) => click(() => choose(item, name, value))(), point: pointAt, back: click(goBack), problem: click(report), next: click(finish) };
    const panel = makePanel(item, question, clicked, item.kind === "rule" ? addMore(item) : makeSwitch(automatic, switchOn));
    if (changed) panel.dataset.changed = "";
    draw(makeHead(work.plan.annotator), h("div", { class: "vpa-work", "data-videos": item.videos.length }, screen.stage, panel), makeKeys(item, question.choices));
    root.querySelector(".vpa-kind").textContent = KINDS[item.kind];
    root.dataset.kind = item.kind;
    drawChoices();
    clock.take();
    showVideos(item);
  }

  function switchOn(on) {
    automatic = on;
    keep(`${KEEP}:automatic`, on ? "yes" : "no");
    root.focus({ preventScroll: true });
  }

  // a click takes the focus from the keys: give it back
  function click(action) {
    return () => { root.focus({ preventScroll: true }); action(); };
  }

  function addMore(item) {
    const { line, commit } = makeMore(() => given(item, "more") || "", (typed) => answer(item, "more", typed));
    screen.commit = commit;
    return line;
  }

  function pointAt(place) {
    screen.rule = Math.max(0, Math.min(place, screen.item.rules.length - 1));
    drawChoices();
    root.querySelectorAll(".vpa-rule")[screen.rule].scrollIntoView({ block: "nearest" });
  }

  function drawChoices() {
    markChoices(root, (question) => given(screen.item, question), screen.rule);
  }

  // ---- what the annotator does

  function choose(item, question, value) {
    if (screen.item !== item) return;
    if (!screen.shown) return setNotice(screen.early = `Nothing can be answered before the video is shown.${screen.fault ? " If it never is, press x to report it." : ""}`);
    if (given(item, "problem")) answer(item, "problem", "");
    if (given(item, question) !== value) answer(item, question, value);
    notice = "";
    drawChoices();
    drawHead();
    if (item.kind === "rule") {
      const open = item.rules.findIndex((rule) => given(item, rule.id) === undefined);
      return pointAt(open < 0 ? screen.rule : open);
    }
    // long enough to see what was chosen
    if (automatic) setTimeout(() => screen.item === item && given(item, question) === value && goOn(), 220);
  }

  function finish() {
    if (isDone(screen.item)) goOn();
    else setNotice("Choose an answer first, or press x if the video cannot be judged.");
  }

  function report() {
    const { item, shown, fault } = screen;
    const isReported = Boolean(given(item, "problem"));
    if (!isReported && !shown && !fault) return setNotice(screen.early = "The video is still being loaded.");
    answer(item, "problem", isReported ? "" : shown ? CANNOT : `not shown: ${fault}`);
    drawChoices();
    setNotice(isReported ? "" : "Reported. Press Enter to go on.");
  }

  const listen = makeKeyListener(root, () => screen, {
    choose, point: pointAt, back: goBack, problem: report, press: (action) => pressPlayer(root, action), speed: () => changeSpeed(root),
  });

  // ---- from here to the end of the page or of the cell's output

  const keys = settings.whole ? document : root;
  const touch = () => clock.touch();
  const onKey = (event) => { touch(); listen(event); };
  const warn = (event) => {
    leave();
    if (outbox?.count() && !outbox.kept) event.preventDefault();
  };
  const listeners = [[keys, "keydown", onKey], [root, "pointermove", touch], [root, "pointerdown", touch], [window, "online", () => outbox?.flush()], [window, "beforeunload", warn]];
  listeners.forEach(([where, what, action]) => where.addEventListener(what, action));
  showWelcome();
  return () => {
    listeners.forEach(([where, what, action]) => where.removeEventListener(what, action));
    outbox?.close();
    clock.close();
    link.close();
  };
}

const page = document.getElementById("vpl-annotate-page");
if (page) mount(page, overHttp(), { annotator: page.dataset.annotator, place: page.dataset.place, whole: true });
