import { menuOnDemand } from "../components/menuOnDemand";
import { AccountButton } from "./AccountButton";

/** The person's menu. */
export const UserMenu = menuOnDemand(AccountButton, () => import("./AccountMenu"));
