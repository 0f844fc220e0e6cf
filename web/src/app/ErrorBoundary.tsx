import { Component, type ReactNode } from "react";

import { ErrorPage } from "./ErrorPages";

/** Shows a page in place of its children after an error in the code or in loading it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <ErrorPage /> : this.props.children;
  }
}
