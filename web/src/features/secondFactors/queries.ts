import { queryOptions } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";

/** The second factors of the person who is logged in. */
export const factorsQuery = queryOptions({
  queryKey: ["second-factors"],
  queryFn: () => unwrap(api.GET("/api/auth/second-factors")),
});
