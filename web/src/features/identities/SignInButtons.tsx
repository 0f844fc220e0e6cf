import { Button, Divider, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { unwrap } from "../../api/problems";
import { publicApi } from "../../api/session";
import { leave } from "./authorization";
import type { IdentityProvider } from "./queries";
import { SignInProblem } from "./SignInProblem";
import { texts } from "./texts";

interface Props {
  providers: IdentityProvider[];
  /** The page after the sign-in. */
  next: string;
}

/** A button for each identity provider. */
export default function SignInButtons({ providers, next }: Props) {
  const start = useMutation({
    mutationFn: (provider: string) =>
      unwrap(publicApi.POST("/api/auth/sign-in/start", { body: { provider } })),
    onSuccess: (response) => leave({ kind: "sign-in", next }, response.authorization_url),
  });
  return (
    <Stack>
      <Divider label={texts.or} />
      <SignInProblem error={start.error} />
      {providers.map(({ id, name }) => (
        <Button
          key={id}
          variant="default"
          loading={start.isPending && start.variables === id}
          onClick={() => start.mutate(id)}
        >
          {texts.continueWith(name)}
        </Button>
      ))}
    </Stack>
  );
}
