// One front end for the notebook's widget and the stand-alone page. Texts of a task enter the page as text only.
// It stands on annotate_link.js, annotate_player.js and the players of gallery.js, which come before it in one module.

const KINDS = { pc: "Physics", sa: "Caption", rule: "Rules", pair_pc: "Compare: physics", pair_sa: "Compare: caption" };
const CANNOT = "cannot be judged";
const number = new Intl.NumberFormat("en");

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
  const reels = new Map();
  const answers = new Map(); // item → question → { value, at, seconds }
  let plan = null, outbox = null, at = -1, screen = {}, seen = 0, gate = null, notice = "";
  let automatic = recall(`${KEEP}:automatic`) !== "no";

  // ---- what is known

  const questionsOf = (item) => (item.kind === "rule" ? item.rules.map((rule) => rule.id) : [item.kind]);
  const given = (item, question) => answers.get(item.id)?.get(question)?.value;
  const isDone = (item) => Boolean(given(item, "problem")) || questionsOf(item).every((each) => given(item, each) !== undefined);
  const isOpen = (item) => !gate || (item.block === 0 ? gate.passed === null : gate.passed === true);

  function learn(rows) {
    for (const [item, question, value, when, seconds] of rows) {
      if (!answers.has(item)) answers.set(item, new Map());
      const known = answers.get(item).get(question);
      if (!known || when >= known.at) answers.get(item).set(question, { value, at: when, seconds });
    }
  }

  function measure() {
    const done = plan.items.filter(isDone);
    const times = done.map((item) => [...answers.get(item.id).values()].reduce((sum, each) => sum + (each.seconds || 0), 0));
    const recent = times.filter((time) => time > 0).sort((a, b) => a - b);
    const middle = recent.length ? recent[Math.floor(recent.length / 2)] : NaN;
    return { done: done.length, total: plan.items.length, middle, left: middle * (plan.items.length - done.length) };
  }

  function answer(item, question, value) {
    const when = new Date();
    const seconds = clock.take();
    learn([[item.id, question, value, when.toISOString(), seconds]]);
    outbox.add({ answer_id: newId(), item: item.id, question, value, given_at: when.getTime(), seconds, tab, shown: Boolean(screen.shown) });
  }
  const tab = newId();

  // ---- videos: the last few and the next are held

  function fetchFootage(key) {
    if (!reels.has(key)) {
      const coming = link.footage(key);
      reels.set(key, coming);
      coming.catch(() => reels.delete(key));
      for (const old of reels.keys()) {
        if (reels.size <= 8) break;
        forgetFootage(old);
      }
    }
    return reels.get(key);
  }

  function forgetFootage(key) {
    reels.get(key)?.then(({ src }) => src.startsWith("blob:") && URL.revokeObjectURL(src), () => {});
    reels.delete(key);
  }

  const press = (action) => root.querySelector(`.vpl-bar [data-do=${action}]`)?.click();

  async function showVideos(item) {
    const { stage } = screen;
    const left = () => screen.stage !== stage;
    const footages = await loadFootages(item, left);
    if (left()) return;
    const fault = footages.find((each) => each.fault)?.fault;
    if (fault) showFault(item, fault);
    else {
      const player = makePlayer(footages, item.videos.length > 1 ? ["Left", "Right"] : ["Video"]);
      stage.replaceChildren(player);
      playTogether();
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) press("play");
      await waitForPictures(player, (reason) => left() || showFault(item, reason));
      if (left()) return;
    }
    if (!screen.fault) {
      screen.shown = true;
      stage.dataset.shown = "";
      if (notice === screen.early) setNotice("");
    }
    clock.take();
    const next = plan.items.slice(at + 1).find((each) => !isDone(each) && isOpen(each));
    if (next) next.videos.forEach((key) => fetchFootage(key).catch(() => {}));
  }

  // tried again until they are here, or until another screen is
  async function loadFootages(item, left) {
    for (;;) {
      try {
        const footages = await Promise.all(item.videos.map(async (key) => ({ ...await fetchFootage(key), key })));
        if (!left()) screen.fault = "";
        return footages;
      } catch (error) {
        if (left()) return [];
        screen.fault = error.message;
        screen.stage.replaceChildren(h("p", { class: "vpa-wait" }, `The video cannot be loaded: ${error.message}. Trying again …`));
        await new Promise((resolve) => setTimeout(resolve, 1000));
        if (left()) return [];
      }
    }
  }

  // a video that is here, but cannot be seen
  function showFault(item, reason) {
    [screen.shown, screen.fault, screen.retry] = [false, reason, retry];
    delete screen.stage.dataset.shown;
    item.videos.forEach(forgetFootage);
    screen.stage.replaceChildren(h("div", { class: "vpa-wait", role: "alert" }, h("p", {}, `The video cannot be shown: ${reason}.`),
      h("button", { type: "button", class: "vpa-go vpa-retry", onclick: click(retry) }, "Try again", h("kbd", {}, "r"))));
    setNotice("Try again, or press x to report the video.");
  }

  function retry() {
    Object.assign(screen, { stage: h("div", { class: "vpa-stage" }, h("p", { class: "vpa-wait" }, "…")), fault: "", retry: undefined });
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

  function makeHead() {
    return h("header", { class: "vpa-head" },
      h("span", { class: "vpa-kind" }),
      h("div", { class: "vpa-bar", role: "progressbar", "aria-label": "Progress" }, h("div")),
      h("span", { class: "vpa-count" }), h("span", { class: "vpa-speed" }),
      h("span", { class: "vpa-saved", role: "status" }), h("span", { class: "vpa-who" }, plan.annotator));
  }

  function drawHead() {
    const head = root.querySelector(".vpa-head");
    if (!head) return;
    const { done, total, middle, left } = measure();
    const bar = head.querySelector(".vpa-bar");
    bar.firstChild.style.width = `${100 * done / total}%`;
    for (const [name, value] of [["valuemin", 0], ["valuemax", total], ["valuenow", done]]) bar.setAttribute(`aria-${name}`, value);
    head.querySelector(".vpa-count").textContent = `${number.format(done)} of ${number.format(total)}`;
    head.querySelector(".vpa-speed").textContent = middle && left ? `${sayTime(middle)} each · ${sayTime(left)} left` : "";
    const waiting = outbox.count();
    const saved = head.querySelector(".vpa-saved");
    saved.dataset.state = !waiting ? "saved" : outbox.trouble ? "trouble" : "saving";
    saved.textContent = !waiting ? "all saved" : !outbox.trouble ? "saving …"
      : `${number.format(waiting)} ${waiting === 1 ? "answer is" : "answers are"} kept in this page: ${outbox.trouble}. Trying again …`;
    const line = root.querySelector(".vpa-notice");
    if (line) line.textContent = notice;
  }

  function setNotice(text) {
    notice = text;
    drawHead();
  }

  function showText(title, lines, button, action) {
    screen = { enter: action };
    notice = "";
    draw(plan && makeHead(), h("div", { class: "vpa-text" }, h("h2", {}, title), ...lines.map((line) => h("p", {}, line)),
      button && h("button", { type: "button", class: "vpa-go", onclick: action }, button, h("kbd", {}, "Enter")), h("p", { class: "vpa-notice", role: "alert" })));
  }

  function showWelcome() {
    const name = h("input", { type: "text", maxlength: "100", autocomplete: "off", spellcheck: "false", placeholder: "name or initials", "aria-label": "Your name" });
    name.value = settings.annotator || recall(`${KEEP}:name`) || "";
    name.disabled = Boolean(settings.annotator);
    let warned = "";
    const begin = async () => {
      try {
        const opened = await link.open(name.value);
        const [other] = opened.similar;
        if (other === undefined || warned === opened.annotator) return start(opened);
        warned = opened.annotator;
        root.querySelector(".vpa-notice").textContent = `Somebody has answered as “${other}” already, and “${warned}” would be another person. If you are the same person, correct the name; if not, press Begin again.`;
      } catch (error) {
        root.querySelector(".vpa-notice").textContent = error.message;
      }
    };
    screen = { enter: begin };
    root.replaceChildren(h("div", { class: "vpa-text" }, h("h2", {}, "Watch, and say what you see"),
      h("p", {}, "You will see short videos and answer one question at a time. The videos start by themselves and repeat. Watch them as often as you like, also in slow motion or frame by frame."),
      h("p", {}, "Judge only what is asked: questions about physics come without the caption, questions about the caption have nothing to do with physics. Every answer is saved at once. You can stop at any time and come back under the same name."),
      h("p", {}, "Everything can be done with the mouse or with the keyboard. The keys are shown at the bottom of the page and in front of every answer."),
      h("label", { class: "vpa-name" }, "Your name", name),
      h("button", { type: "button", class: "vpa-go", onclick: begin }, "Begin", h("kbd", {}, "Enter")),
      h("p", { class: "vpa-notice", role: "alert" })));
    if (settings.whole) (name.disabled ? root : name).focus();
  }

  function start(opened) {
    plan = opened;
    [seen, gate] = [opened.seen, opened.gate];
    keep(`${KEEP}:name`, plan.annotator);
    learn(plan.answers);
    outbox?.close();
    outbox = makeOutbox(link, `${KEEP}:${settings.place}:${encodeURIComponent(plan.annotator)}:`, plan.annotator, {
      sent: (reply) => {
        learn(reply.answers);
        seen = reply.seen;
        const before = gate?.passed;
        gate = reply.gate;
        if (screen.waiting || (before === null && gate.passed !== null)) goOn();
        drawHead();
      },
      refused: (message, reason) => {
        answers.get(message.item)?.delete(message.question);
        if (screen.waiting) goOn();
        setNotice(`An answer was refused: ${reason}`);
      },
      changed: drawHead,
    });
    outbox.seen = () => seen;
    outbox.flush();
    at = -1;
    goOn();
  }

  function goOn() {
    leave();
    if (gate?.passed === false) {
      return showText("Thank you", [`The test is over. ${sayRight()}, ${gate.needed} ${gate.needed === 1 ? "is" : "are"} needed. There is nothing more for you to do.`]);
    }
    const next = [...plan.items.keys()].filter((each) => isOpen(plan.items[each]) && !isDone(plan.items[each]));
    const found = next.find((each) => each > at) ?? next[0];
    if (found === undefined) {
      if (gate && gate.passed === null) return showUndecided();
      const { done, total, middle } = measure();
      return showText("Thank you, that is all", [`${number.format(done)} of ${number.format(total)} are done${middle ? `, about ${sayTime(middle)} each` : ""}. Once everything is saved, you can close this page.`]);
    }
    const [before, item] = [plan.items[at], plan.items[found]];
    if (before && item.block > before.block) {
      const last = plan.items.at(-1).block;
      const title = before.block === 0 ? "You have passed the test" : `Part ${before.block} of ${last} is done`;
      const lines = before.block === 0 ? [`${sayRight()}. Now the work begins.`] : ["A good moment to rest your eyes. Nothing is lost if you stop here."];
      return showText(title, lines, "Go on", () => showItem(found));
    }
    showItem(found);
  }

  const sayRight = () => `${gate.right} of ${gate.asked} ${gate.asked === 1 ? "answer was" : "answers were"} right`;

  // all of the test is done, and yet it is not decided
  function showUndecided() {
    if (outbox.count()) showText("One moment", ["Your answers are being saved."]);
    else {
      showText("The test cannot be taken", ["None of its videos could be shown. Please tell the person who gave you this task. Nothing that you did is lost."],
        "Try again", retryTest);
    }
    screen.waiting = outbox.count() > 0;
  }

  function retryTest() {
    plan.items.filter((item) => item.block === 0).forEach((item) => answer(item, "problem", ""));
    at = -1;
    goOn();
  }

  // what was asked without the caption is not asked again by one who has read it
  const isLocked = (item) => !item.kind.endsWith("sa") && plan.items.slice(0, at + 1).some((each) => each.block === item.block && each.kind.endsWith("sa"));

  function goBack() {
    const before = plan.items.slice(0, at).filter(isOpen);
    const here = before.filter((item) => item.block === plan.items[at].block);
    const found = (here.length ? here : before).filter((item) => !isLocked(item)).at(-1);
    if (!found) return setNotice(before.length ? "What you answered before you saw the captions stays as it is." : "This is the first video.");
    leave();
    showItem(plan.items.indexOf(found));
  }

  // what is typed but not sent yet
  function leave() {
    screen.commit?.();
  }

  function showItem(place) {
    const changedKind = plan.items[at]?.kind !== plan.items[place].kind;
    at = place;
    notice = "";
    const item = plan.items[at];
    const question = plan.questions[item.kind];
    screen = { item, stage: h("div", { class: "vpa-stage" }, h("p", { class: "vpa-wait" }, "…")), rule: 0, enter: finish };
    const panel = h("div", { class: "vpa-panel", "data-kind": item.kind, "data-changed": changedKind },
      item.block === 0 && h("p", { class: "vpa-test" }, "Test"),
      item.note && h("p", { class: "vpa-note" }, item.note),
      h("h2", {}, question.text),
      item.caption && h("blockquote", { class: "vpa-caption" }, item.caption),
      h("p", { class: "vpa-hint" }, question.hint),
      item.kind === "rule" ? makeRules(item, question) : makeChoices(item, item.kind, question.choices),
      item.kind === "rule" && makeMore(item),
      h("p", { class: "vpa-notice", role: "alert" }),
      h("div", { class: "vpa-nav" },
        h("button", { type: "button", "data-go": "back", onclick: click(goBack) }, "Back", h("kbd", {}, "⌫")),
        h("button", { type: "button", "data-go": "problem", onclick: click(() => report()) }, "Cannot be judged", h("kbd", {}, "x")),
        h("button", { type: "button", "data-go": "next", class: "vpa-go", onclick: click(finish) }, "Next", h("kbd", {}, "Enter"))),
      item.kind !== "rule" && h("label", { class: "vpa-auto" }, makeSwitch(), "Go on automatically after an answer"));
    draw(makeHead(), h("div", { class: "vpa-work", "data-videos": item.videos.length }, screen.stage, panel), makeKeys(item));
    root.querySelector(".vpa-kind").textContent = KINDS[item.kind];
    root.dataset.kind = item.kind;
    drawChoices();
    clock.take();
    showVideos(item);
  }

  function makeSwitch() {
    const box = h("input", { type: "checkbox", onchange: () => {
      automatic = box.checked;
      keep(`${KEEP}:automatic`, automatic ? "yes" : "no");
      root.focus({ preventScroll: true });
    } });
    box.checked = automatic;
    return box;
  }

  // a click takes the focus from the keys: give it back
  function click(action) {
    return () => { root.focus({ preventScroll: true }); action(); };
  }

  const valueOf = (choice, item) => ({ left: item.sides[0], right: item.sides[1] }[choice.value] ?? choice.value);

  function makeChoices(item, name, choices) {
    return h("div", { class: "vpa-choices", role: "group", "aria-label": plan.questions[item.kind].text }, ...choices.map((choice) =>
      h("button", {
        type: "button", class: "vpa-choice", "data-question": name, "data-value": valueOf(choice, item), title: choice.anchor,
        onclick: click(() => choose(item, name, valueOf(choice, item))),
      }, h("kbd", {}, choice.key), h("span", {}, h("strong", {}, choice.label), h("small", {}, choice.anchor)))));
  }

  function makeRules(item, question) {
    return h("ol", { class: "vpa-rules" }, ...item.rules.map((rule, place) =>
      h("li", { class: "vpa-rule", onclick: () => pointAt(place) }, h("p", {}, rule.text), makeChoices(item, rule.id, question.choices))));
  }

  function makeMore(item) {
    const text = h("textarea", { rows: "2", maxlength: "2000", placeholder: "Anything else that could not happen? (optional)", "aria-label": "Anything else that could not happen?" });
    text.value = given(item, "more") || "";
    screen.commit = () => {
      const typed = text.value.trim().replace(/\s+/g, " ");
      if (typed !== (given(item, "more") || "")) answer(item, "more", typed);
    };
    text.addEventListener("blur", screen.commit);
    return h("label", { class: "vpa-more" }, text, h("kbd", {}, "n"));
  }

  function makeKeys(item) {
    const line = [["space", "play"], ["← →", "one frame"], ["Home", "restart"], ["s", "speed"],
      [plan.questions[item.kind].choices.map((each) => each.key).join(" "), "answer"],
      ...(item.kind === "rule" ? [["↑ ↓", "rule"], ["n", "write"]] : []), ["Enter", "next"], ["⌫", "back"], ["x", "cannot be judged"]];
    return h("footer", { class: "vpa-keys", "aria-label": "Keys" }, ...line.map(([key, name]) => h("span", {}, h("kbd", {}, key), ` ${name}`)));
  }

  function pointAt(place) {
    screen.rule = Math.max(0, Math.min(place, screen.item.rules.length - 1));
    drawChoices();
    root.querySelectorAll(".vpa-rule")[screen.rule].scrollIntoView({ block: "nearest" });
  }

  function drawChoices() {
    const { item } = screen;
    for (const button of root.querySelectorAll(".vpa-choice")) {
      button.setAttribute("aria-pressed", String(given(item, button.dataset.question)) === button.dataset.value);
    }
    root.querySelector("[data-go=problem]").setAttribute("aria-pressed", Boolean(given(item, "problem")));
    root.querySelectorAll(".vpa-rule").forEach((rule, place) => rule.toggleAttribute("data-current", place === screen.rule));
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

  function changeSpeed() {
    const rates = [...root.querySelectorAll(".vpl-bar [data-rate]")].reverse();
    const now = rates.findIndex((each) => each.getAttribute("aria-pressed") === "true");
    rates[(now + 1) % rates.length]?.click();
  }

  const players = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", Home: "restart", End: "end" };

  function onKey(event) {
    clock.touch();
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const { target } = event;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const typing = target.matches("textarea, input[type=text]");
    const onButton = target.closest("button, input[type=checkbox]") && root.contains(target);
    if (!typing && onButton && (key === " " || key === "Enter")) return event.stopPropagation();
    if (typing ? !typed(key, event) : !pressed(key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function typed(key, event) {
    if (key === "Escape") root.focus();
    else if (key === "Enter" && !event.shiftKey) screen.enter?.();
    else { event.stopPropagation(); return false; }
    return true;
  }

  function pressed(key) {
    if (key === "Enter") screen.enter?.();
    else if (!screen.item) return false;
    else if (players[key]) press(players[key]);
    else if (key === "Backspace") goBack();
    else if (key === "x") report();
    else if (key === "r" && screen.retry) screen.retry();
    else if (key === "s") changeSpeed();
    else if (key === "n" && screen.item.kind === "rule") root.querySelector(".vpa-more textarea").focus();
    else if (screen.item.kind === "rule" && (key === "ArrowUp" || key === "ArrowDown")) pointAt(screen.rule + (key === "ArrowUp" ? -1 : 1));
    else {
      const { item } = screen;
      const choice = plan.questions[item.kind].choices.find((each) => each.key === key);
      if (!choice) return false;
      choose(item, item.kind === "rule" ? item.rules[screen.rule].id : item.kind, valueOf(choice, item));
    }
    return true;
  }

  // ---- from here to the end of the page or of the cell's output

  const keys = settings.whole ? document : root;
  const touch = () => clock.touch();
  const again = () => outbox?.flush();
  const warn = (event) => {
    leave();
    if (outbox?.count() && !outbox.kept) event.preventDefault();
  };
  const listeners = [[keys, "keydown", onKey], [root, "pointermove", touch], [root, "pointerdown", touch], [window, "online", again], [window, "beforeunload", warn]];
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
