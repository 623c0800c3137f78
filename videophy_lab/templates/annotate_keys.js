// The keys of the annotation's front end, as its page names them.

const PLAYER_KEYS = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", Home: "restart", End: "end" };

// `find` gives what is on the screen now: enter, and with an item also the item, its choices, rule and retry;
// `act` has what is done by: press(action), choose(item, question, choice), point(place), back, problem, speed
function makeKeyListener(root, find, act) {
  function onKey(event) {
    const { target } = event;
    const isText = target.matches("textarea");
    const goesOn = isText && event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (event.altKey || event.isComposing || ((event.ctrlKey || event.metaKey) && !goesOn)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const typing = isText || target.matches("input[type=text]");
    const onButton = target.closest("button, input[type=checkbox]") && root.contains(target);
    if (!typing && onButton && (key === " " || key === "Enter")) return event.stopPropagation();
    if (typing ? !typed(key, event, goesOn || !isText) : !pressed(key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Enter in a text of several lines is a new line
  function typed(key, event, ends) {
    if (key === "Escape") root.focus();
    else if (key === "Enter" && ends && !event.shiftKey) find().enter?.();
    else { event.stopPropagation(); return false; }
    return true;
  }

  function pressed(key) {
    const { enter, item, choices, rule, retry } = find();
    if (key === "Enter") enter?.();
    else if (!item) return false;
    else if (PLAYER_KEYS[key]) act.press(PLAYER_KEYS[key]);
    else if (key === "Backspace") act.back();
    else if (key === "x") act.problem();
    else if (key === "r" && retry) retry();
    else if (key === "s") act.speed();
    else if (key === "n" && item.kind === "rule") root.querySelector(".vpa-more textarea").focus();
    else if (item.kind === "rule" && (key === "ArrowUp" || key === "ArrowDown")) act.point(rule + (key === "ArrowUp" ? -1 : 1));
    else {
      const choice = choices.find((each) => each.key === key);
      if (!choice) return false;
      act.choose(item, item.kind === "rule" ? item.rules[rule].id : item.kind, valueOf(choice, item));
    }
    return true;
  }

  return onKey;
}
