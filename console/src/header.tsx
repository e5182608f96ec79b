import { useState } from "react";
import { roleWord, switchLanguage, t } from "./language";
import { signOut, useSession, type Session } from "./session";
import { SignIn } from "./signin";

/** The bar on top: what this is, who is signed in, the way in and out, and the other language. */
export function Header() {
  const { session, notice } = useSession();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <header className="bar">
        <h1>{t("title")}</h1>
        <p className="who" data-signed-in={session !== null}>
          {session ? <Who session={session} /> : t("anonymous")}
        </p>
        {session ? (
          <button type="button" onClick={() => void signOut()}>
            {t("signOut")}
          </button>
        ) : (
          <button type="button" className="primary" onClick={() => setAsking(true)}>
            {t("signIn")}
          </button>
        )}
        <button type="button" className="plain" aria-label={t("otherLanguage")} onClick={switchLanguage}>
          {t("otherLanguageShort")}
        </button>
      </header>
      {notice && (
        <p className="notice" role="status">
          {notice}
        </p>
      )}
      {asking && <SignIn onClose={() => setAsking(false)} />}
    </>
  );
}

function Who({ session: { who } }: { session: Session }) {
  return (
    <>
      {who?.role && <span className="role">{roleWord(who.role)}</span>}
      <span className="name">{who?.name || t("signedIn")}</span>
    </>
  );
}
