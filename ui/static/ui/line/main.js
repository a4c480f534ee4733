// What every page of the line desk does: its clock runs in event time, and one click is one act.
import { once } from "../office/once.js";
import { run } from "./clock.js";

once(document);
run();
