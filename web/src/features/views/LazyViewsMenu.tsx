import { menuOnDemand } from "../../components/menuOnDemand";
import { ViewsButton } from "./ViewsButton";

/** The menu of saved views. */
export const LazyViewsMenu = menuOnDemand(ViewsButton, () => import("./ViewsMenu"));
