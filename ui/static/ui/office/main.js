// What every page of the office does: the menu on a phone, "/" to search, one click is one act, and pages that stay fresh.
import { places } from "./places.js";
import { search } from "./search.js";
import { once } from "./once.js";
import { fresh } from "./fresh.js";
import { copy } from "./copy.js";

places(document);
search(document);
once(document);
fresh(document);
copy(document);
