import { useEffect, useRef, useState, type FormEvent, type InputHTMLAttributes } from "react";
import { demoSignIns, type DemoSignIn } from "./demo";
import { roleWord, t } from "./language";
import { requestSmsCode, signInDemo, signInStaff, signInWithSmsCode } from "./session";

type Tab = "staff" | "phone";

interface Attempt {
  busy: boolean;
  refusal: string | null;
  run(work: () => Promise<void>): void;
}

/** The sign-in dialog: staff by password and authenticator, everyone else by a code to their phone. */
export function SignIn({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [tab, setTab] = useState<Tab>("staff");
  const attempt = useAttempt(onClose);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} className="sign-in" onClose={onClose} aria-label={t("signIn")}>
      <button type="button" className="close" aria-label={t("close")} onClick={() => dialog.current?.close()}>
        ×
      </button>
      <div role="tablist" className="tabs">
        <TabButton tab="staff" label={t("staffTab")} chosen={tab} onChoose={setTab} />
        <TabButton tab="phone" label={t("phoneTab")} chosen={tab} onChoose={setTab} />
      </div>
      <div role="tabpanel" id="sign-in-panel" aria-labelledby={`sign-in-${tab}`}>
        {tab === "staff" ? <StaffForm attempt={attempt} /> : <PhoneForm attempt={attempt} />}
      </div>
      {attempt.refusal && (
        <p className="refusal" role="alert">
          {attempt.refusal}
        </p>
      )}
      <DemoButtons attempt={attempt} />
    </dialog>
  );
}

/** One attempt at a time; a refusal is shown in the API's own words. */
function useAttempt(onDone: () => void): Attempt {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const run = (work: () => Promise<void>) => {
    setBusy(true);
    setRefusal(null);
    work()
      .then(onDone)
      .catch((error: Error) => {
        setBusy(false);
        setRefusal(error.message);
      });
  };
  return { busy, refusal, run };
}

function TabButton(props: { tab: Tab; label: string; chosen: Tab; onChoose: (tab: Tab) => void }) {
  const { tab, label, chosen, onChoose } = props;
  return (
    <button
      type="button"
      role="tab"
      id={`sign-in-${tab}`}
      aria-selected={tab === chosen}
      aria-controls="sign-in-panel"
      onClick={() => onChoose(tab)}
    >
      {label}
    </button>
  );
}

function Field({ label, ...input }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label>
      <span>{label}</span>
      <input {...input} />
    </label>
  );
}

const ONE_TIME_CODE = { inputMode: "numeric", autoComplete: "one-time-code", spellCheck: false } as const;

function StaffForm({ attempt }: { attempt: Attempt }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const value = values(event.currentTarget);
    const totp = value("totp").trim() || null;
    attempt.run(() => signInStaff({ userName: value("userName").trim(), password: value("password"), totp }));
  };
  return (
    <form onSubmit={submit}>
      <Field label={t("userName")} name="userName" autoComplete="username" autoCapitalize="none" required autoFocus />
      <Field label={t("password")} name="password" type="password" autoComplete="current-password" required />
      <Field label={t("totp")} name="totp" {...ONE_TIME_CODE} />
      <button type="submit" className="primary" disabled={attempt.busy}>
        {t("signIn")}
      </button>
    </form>
  );
}

function PhoneForm({ attempt }: { attempt: Attempt }) {
  const [phone, setPhone] = useState("");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = values(event.currentTarget)("code").trim();
    attempt.run(() => signInWithSmsCode({ phone: phone.trim(), code }));
  };
  return (
    <form onSubmit={submit}>
      <Field
        label={t("phone")}
        type="tel"
        autoComplete="tel"
        value={phone}
        onChange={(event) => setPhone(event.target.value)}
        required
        autoFocus
      />
      <SendCode phone={phone.trim()} />
      <Field label={t("smsCode")} name="code" {...ONE_TIME_CODE} required />
      <button type="submit" className="primary" disabled={attempt.busy}>
        {t("signIn")}
      </button>
    </form>
  );
}

/** Asks for a code, then counts down the seconds until the API will send another. */
function SendCode({ phone }: { phone: string }) {
  const [seconds, setSeconds] = useState(0);
  const [news, setNews] = useState<string | null>(null);

  useEffect(() => {
    if (seconds <= 0) return;
    const timer = setTimeout(() => setSeconds(seconds - 1), 1000);
    return () => clearTimeout(timer);
  }, [seconds]);

  const ask = () => {
    setNews(null);
    requestSmsCode(phone)
      .then(({ sent, retryAfter }) => {
        setNews(sent ? t("codeSent") : t("codeNotSent"));
        setSeconds(retryAfter ?? 0);
      })
      .catch((error: Error) => setNews(error.message));
  };
  return (
    <div className="send-code">
      <button type="button" disabled={!phone || seconds > 0} onClick={ask}>
        {seconds > 0 ? t("sendAgain", { seconds }) : t("sendCode")}
      </button>
      <span role="status">{news}</span>
    </div>
  );
}

function DemoButtons({ attempt }: { attempt: Attempt }) {
  const [offers, setOffers] = useState<DemoSignIn[]>([]);
  useEffect(() => void demoSignIns().then(setOffers), []);
  if (!offers.length) return null;
  return (
    <section className="demo">
      <h2>{t("demo")}</h2>
      <p>{t("demoNote")}</p>
      {offers.map((offer) => (
        <button
          key={offer.label}
          type="button"
          disabled={attempt.busy}
          onClick={() => attempt.run(() => signInDemo(offer))}
        >
          <b>{offer.label}</b>
          <small>
            {roleWord(offer.role)} · {offer.userName ?? offer.phone}
          </small>
        </button>
      ))}
    </section>
  );
}

function values(form: HTMLFormElement): (name: string) => string {
  const data = new FormData(form);
  return (name) => String(data.get(name) ?? "");
}
