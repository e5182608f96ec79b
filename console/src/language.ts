export type Language = "zh-CN" | "en";
export type Text = Record<Language, string>;

const KEY = "console.language";

export const language: Language = localStorage.getItem(KEY) === "en" ? "en" : "zh-CN";

/** Remember the other language and load the page anew: GraphiQL reads its labels once, at start. */
export function switchLanguage(): void {
  localStorage.setItem(KEY, language === "en" ? "zh-CN" : "en");
  location.reload();
}

export function pick(text: Text): string {
  return text[language];
}

const TEXTS = {
  title: { "zh-CN": "GraphQL 控制台", en: "GraphQL console" },
  otherLanguage: { "zh-CN": "English", en: "中文" },
  otherLanguageShort: { "zh-CN": "EN", en: "中文" },
  anonymous: { "zh-CN": "未登录", en: "Not signed in" },
  signedIn: { "zh-CN": "已登录", en: "Signed in" },
  signIn: { "zh-CN": "登录", en: "Sign in" },
  signOut: { "zh-CN": "退出", en: "Sign out" },
  close: { "zh-CN": "关闭", en: "Close" },
  staffTab: { "zh-CN": "工作人员", en: "Staff" },
  phoneTab: { "zh-CN": "居民、房东", en: "Residents, landlords" },
  userName: { "zh-CN": "用户名", en: "User name" },
  password: { "zh-CN": "密码", en: "Password" },
  totp: { "zh-CN": "动态验证码", en: "Authenticator code" },
  phone: { "zh-CN": "手机号", en: "Mobile number" },
  smsCode: { "zh-CN": "短信验证码", en: "Code from the message" },
  sendCode: { "zh-CN": "获取验证码", en: "Send code" },
  sendAgain: { "zh-CN": "{seconds} 秒后可重发", en: "Again in {seconds} s" },
  codeSent: { "zh-CN": "验证码已发送，请查看短信。", en: "The code is on its way." },
  codeNotSent: { "zh-CN": "暂时不能发送，请稍后再试。", en: "Not sent now; please try again later." },
  demo: { "zh-CN": "演示登录", en: "Demo sign-in" },
  demoNote: {
    "zh-CN": "只在开发环境出现：点一下即以该身份登录。",
    en: "On development servers only: one tap signs you in.",
  },
  expired: { "zh-CN": "登录已过期，请重新登录。", en: "Your sign-in has expired; please sign in again." },
  noAnswer: { "zh-CN": "连不上服务器，请检查网络。", en: "The server cannot be reached." },
  badAnswer: { "zh-CN": "服务器的回答不是 GraphQL（HTTP {status}）。", en: "The answer is not GraphQL (HTTP {status})." },
  refused: { "zh-CN": "未能登录。", en: "Sign-in failed." },
  socketClosed: { "zh-CN": "连接被关闭（{code}）{reason}", en: "Connection closed ({code}) {reason}" },
  examples: { "zh-CN": "操作示例", en: "Examples" },
  examplesMissing: { "zh-CN": "没有读到操作示例。", en: "The examples could not be read." },
  examplesHint: { "zh-CN": "点一个示例，在新标签页中打开。", en: "Tap an example to open it in a tab." },
  yours: { "zh-CN": "您的角色", en: "your role" },
  query: { "zh-CN": "查询", en: "query" },
  mutation: { "zh-CN": "修改", en: "mutation" },
  subscription: { "zh-CN": "订阅", en: "subscription" },
  newRequestId: { "zh-CN": "新 requestId", en: "New requestId" },
  noRequestId: {
    "zh-CN": "变量不是有效的 JSON，未能放入 requestId。",
    en: "The variables are not valid JSON; requestId was not inserted.",
  },
  welcome: {
    "zh-CN": "# 在这里写 GraphQL，或打开左侧“操作示例”选一个。\n# Ctrl-Enter 执行，Ctrl-空格 补全。\n",
    en: "# Write GraphQL here, or pick one from “Examples” on the left.\n# Ctrl-Enter runs it, Ctrl-Space completes.\n",
  },
} satisfies Record<string, Text>;

export function t(key: keyof typeof TEXTS, values: Record<string, string | number> = {}): string {
  return TEXTS[key][language].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

const ROLES: Record<string, Text> = {
  RESIDENT: { "zh-CN": "居民", en: "Resident" },
  TENANT: { "zh-CN": "租客", en: "Tenant" },
  LANDLORD: { "zh-CN": "房东", en: "Landlord" },
  OPERATOR: { "zh-CN": "经营者", en: "Operator" },
  WARDEN: { "zh-CN": "网格员", en: "Warden" },
  SUPERVISOR: { "zh-CN": "主管", en: "Supervisor" },
  DEPARTMENT: { "zh-CN": "部门", en: "Department" },
  ENFORCEMENT: { "zh-CN": "执法", en: "Enforcement" },
  SERVICE_DESK: { "zh-CN": "服务台", en: "Service desk" },
  AUDITOR: { "zh-CN": "审计", en: "Auditor" },
  ADMIN: { "zh-CN": "管理员", en: "Administrator" },
  APP: { "zh-CN": "第三方应用", en: "App" },
};

/** A role's word; one that this build does not know is shown as it came. */
export function roleWord(role: string): string {
  return ROLES[role.toUpperCase()]?.[language] ?? role;
}
