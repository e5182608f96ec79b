"""What pages about hazards say: reporting one, following one, saying whether it is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
HAZARDS: Final[Mapping[str, tuple[str, str]]] = {
    # on plates
    "report_hazard": ("报隐患", "Report a hazard"),
    "report_hazard_says": ("不用登录，不留姓名", "No sign\u2011in, no name"),
    "hazards_none": ("没有正在处理的隐患", "No open hazards"),
    "hazards_open": ("有 {n} 处隐患正在处理：{of}", "Open hazards: {n} ({of})"),
    "hazards_of": ("{severity} {n} 处", "{severity}: {n}"),
    "hazards_and": ("，", ", "),
    # choosing
    "report_now": ("正在着火、漏气、有人被困？", "Fire, gas leak, somebody trapped?"),
    "report_now_says": (
        "先离开，再打电话。不要等在里面，不要先填表。",
        "Leave first, then call. Don't wait inside and don't fill in forms.",
    ),
    "call_now": ("马上打 {number}", "Call {number} now"),
    "read_aloud": ("电话里念这两行：", "Read these two lines to who answers:"),
    "report_what": ("看到的是什么？", "What did you see?"),
    "report_no_name": (
        "不用登录，不留姓名。房东看不到是谁报的，也看不到您写的原话。",
        "No sign-in and no name. The landlord sees neither who reported nor what you wrote.",
    ),
    "follow_up": ("看我报的隐患", "What I reported"),
    "URGENT": ("紧急", "Urgent"),
    # the form
    "report_first": ("现在先这样做", "Do this first"),
    "report_nearby": ("这里已经有人报过", "Already reported here"),
    "report_nearby_since": ("{day}报的", "Reported on {day}"),
    "report_nearby_here": ("就在这里", "Right here"),
    "report_nearby_metres": ("大约 {n} 米外", "About {n} m away"),
    "follow_this": ("就是这一件，我要关注", "This is the one: follow it"),
    "report_another": ("不是同一件？继续上报", "Not the same? Go on"),
    "report_points_at_you": (
        "如果这里住的人少，别人可能猜到是谁报的。不想被猜到，可以打 12345，"
        "请他们不要说出从哪里知道的。",
        "Where few people live, others may guess who reported. If you mind, call 12345 and ask"
        " them not to say how they know.",
    ),
    "report_community": ("在哪个社区", "In which community"),
    "report_place": ("具体在哪里", "Where exactly"),
    "report_place_hint": (
        "写路名、门牌号，或者旁边有什么。",
        "Street and number, or what is beside it.",
    ),
    "report_here": ("用手机现在的位置", "Use my phone's position"),
    "report_here_found": ("已经记下手机的位置。", "The position of your phone is noted."),
    "report_here_lost": (
        "手机没有给出位置，请选社区、写清楚在哪里。",
        "Your phone gave no position. Choose the community and say where it is.",
    ),
    "yes": ("是", "Yes"),
    "no": ("不是", "No"),
    "report_words_hazard": ("说清楚一点（可以不填）", "Say more (optional)"),
    "report_words_hazard_hint": (
        "在几楼、什么样、什么时候最危险。不用写您的名字。",
        "Which floor, how it looks, when it is worst. You need not say who you are.",
    ),
    "report_photos": ("照片（可以不拍）", "Pictures (optional)"),
    "report_photos_hint": (
        "还能放 {n} 张。我们会去掉照片里的位置和手机信息。不要为了拍照走进危险的地方。",
        "Room for {n} more. Place and phone data in them are removed. Don't walk into danger for"
        " a picture.",
    ),
    "report_photos_kept": (
        "收到 {n} 张照片，不用再选。",
        "Pictures here: {n}. No need to choose them again.",
    ),
    "report_photo_n": ("第 {n} 张照片", "Picture {n}"),
    "report_seen": ("不是刚才看到的？", "Not seen just now?"),
    "report_seen_at": ("什么时候看到的", "When did you see it?"),
    "report_send": ("上报", "Report it"),
    "report_send_says": ("网格员会马上收到", "Wardens get it at once"),
    "report_other_kind": ("换一种隐患", "Another kind"),
    # done
    "report_done_title": ("收到了，谢谢", "Thank you, we have it"),
    "report_done_next": (
        "网格员会在{when}前受理。",
        "Wardens will deal with it by {when}.",
    ),
    "report_done_next_soon": ("网格员会尽快受理。", "Wardens will deal with it soon."),
    "report_number": ("打电话问时，念这个编号", "When you call, read this number aloud"),
    "report_keep": ("截图保存这一页", "Take a screenshot of this page"),
    "report_qr": ("跟进二维码", "Code to come back by"),
    "follow_up_code": ("跟进码", "Follow-up code"),
    "report_keep_says": (
        "没有登录，只有凭这个码才能看处理情况，丢了找不回来。不要发给别人。",
        "You did not sign in: this code alone shows what becomes of it, and it can't be had"
        " again. Give it to nobody.",
    ),
    "follow_up_now": ("看处理到哪一步", "See where it stands"),
    "report_one_more": ("再报一件", "Report another"),
    # states, in plain words
    "hazard_REPORTED": ("已上报，等网格员受理", "Reported, waiting for a warden"),
    "hazard_ACCEPTED": ("已受理，正在安排人", "Accepted, being assigned"),
    "hazard_DISPATCHED": ("已交给负责人", "Given to who puts it right"),
    "hazard_RECTIFYING": ("正在整改", "Being put right"),
    "hazard_SUBMITTED": ("说是改好了，等人去看", "Said to be right, to be checked"),
    "hazard_FOLLOW_UP": ("查过了，想听您说", "Checked, your word is asked"),
    "hazard_ENFORCEMENT": ("执法部门在办", "With the enforcement officers"),
    "hazard_CLOSED": ("已经办完", "Closed"),
    "hazard_REJECTED": ("没有受理", "Not accepted"),
    "hazard_DUPLICATE": ("和另一件是同一件", "Same as another report"),
    # what comes next
    "next_REPORTED": ("网格员去看，决定是否受理。", "A warden looks at it and decides."),
    "next_ACCEPTED": ("安排部门或网格员去改。", "A department or warden is given it."),
    "next_DISPATCHED": ("负责人开始整改。", "They begin to put it right."),
    "next_RECTIFYING": (
        "改好后拍照，再由另一位网格员去查。",
        "It is put right, then another warden checks.",
    ),
    "next_SUBMITTED": ("另一位网格员到现场查。", "Another warden checks on the spot."),
    "next_FOLLOW_UP": (
        "请您看一看，下面告诉我们修好了没有。不说，到时间就算修好了。",
        "Please have a look and tell us below. If you say nothing, it counts as fixed.",
    ),
    "next_ENFORCEMENT": (
        "执法办完后，再到现场查。",
        "When that is done, it is checked on the spot.",
    ),
    "next_CLOSED": (
        "如果又出现，{when}前可以重新打开；以后请重新上报。",
        "If it comes back, reopen it by {when}; later, report it anew.",
    ),
    "next_CLOSED_late": ("如果又出现，请重新上报。", "If it comes back, report it anew."),
    "next_REJECTED": (
        "有不同意见，请打 12345，念上面的编号。",
        "If you disagree, call 12345 and read the number above.",
    ),
    "next_DUPLICATE": (
        "按那一件继续处理，结果也会在那里。",
        "It goes on as that one.",
    ),
    "next_by": ("最晚{when}。", "By {when}."),
    "next_late": ("本来应在{when}前，已经晚了。", "It was due by {when} and is late."),
    "next_escalated": ("已经报给上一级。", "The level above was told."),
    # coming back
    "follow_up_title": ("看我报的隐患", "What became of my report"),
    "follow_up_says": (
        "把上报时给您的跟进码粘贴在这里。扫跟进二维码，会自动填好。",
        "Paste the follow-up code that you were given. The code to scan fills it in.",
    ),
    "follow_up_see": ("看处理情况", "Show me"),
    "follow_up_unknown": (
        "没有这个跟进码。检查有没有复制完整；丢了的话，打 12345 念上报编号。",
        "There is no such code. Was it copied whole? If it is lost, call 12345 with the number.",
    ),
    "follow_up_lost": ("码丢了怎么办？", "Lost the code?"),
    "follow_up_lost_says": (
        "打 12345，念上报编号，可以问处理情况。为了保护您，码不能再给一次。",
        "Call 12345 and read the number of the report. To protect you the code is not given twice.",
    ),
    "follow_up_again": ("再看一次", "Look again"),
    "follow_up_next": ("接下来", "Next"),
    "follow_up_steps": ("做过什么", "What was done"),
    "follow_up_same_as": (
        "和另一件是同一件，下面是那一件的进展。",
        "It is the same as another report; this is how that one stands.",
    ),
    "follow_up_ask": ("修好了吗？", "Is it fixed?"),
    "follow_up_fixed": ("修好了", "It is fixed"),
    "follow_up_not_fixed": ("没修好", "It is not fixed"),
    "follow_up_what_is_left": ("哪里没修好", "What is still wrong"),
    "follow_up_add": ("补充情况、加照片", "Add words or pictures"),
    "follow_up_add_words": ("要补充什么", "What to add"),
    "follow_up_add_send": ("补充", "Add it"),
    "follow_up_rate": ("办得怎么样", "How was it handled?"),
    "follow_up_rate_1": ("很差", "Bad"),
    "follow_up_rate_2": ("较差", "Poor"),
    "follow_up_rate_3": ("一般", "Fair"),
    "follow_up_rate_4": ("好", "Good"),
    "follow_up_rate_5": ("很好", "Very good"),
    "follow_up_rate_send": ("评价", "Send"),
    "follow_up_rated": ("您评了 {n} 分，谢谢。", "You gave {n} of 5. Thank you."),
    "follow_up_reopen": ("又出现了，重新打开", "It is back: reopen it"),
    "follow_up_reopen_why": ("现在是什么样", "How is it now?"),
    "follow_up_reopen_send": ("重新打开", "Reopen"),
    "follow_up_said_fixed": ("记下了：修好了。谢谢您。", "Noted: it is fixed. Thank you."),
    "follow_up_said_not_fixed": (
        "记下了：没修好。会退回去重新改。",
        "Noted: it is not fixed. It goes back to be put right.",
    ),
    "follow_up_said_add": ("补充收到了。", "We have what you added."),
    "follow_up_said_rate": ("评价收到了，谢谢。", "We have your rating. Thank you."),
    "follow_up_said_reopen": ("重新打开了，网格员会再处理。", "It is open again."),
    "step_REPORT": ("您上报了", "You reported it"),
    "step_ACCEPT": ("网格员受理了", "A warden accepted it"),
    "step_REJECT": ("网格员没有受理", "A warden did not accept it"),
    "step_MARK_DUPLICATE": ("和另一件合在一起", "Joined with another report"),
    "step_DISPATCH": ("交给了负责人", "It was given to who puts it right"),
    "step_START": ("开始整改", "Work began"),
    "step_RETURN": ("换一个部门办", "Another department takes it"),
    "step_SUBMIT": ("负责人说改好了", "They say that it is right"),
    "step_ASK_ENFORCEMENT": ("请执法部门处理", "Enforcement officers were asked"),
    "step_EXTEND": ("延长了整改时间", "More time was given"),
    "step_PASS": ("复查通过", "The check was passed"),
    "step_FAIL": ("复查没通过，重新改", "The check failed; it is done again"),
    "step_CONFIRM_FIXED": ("确认修好了", "It was said to be fixed"),
    "step_SAY_NOT_FIXED": ("反映没修好", "It was said not to be fixed"),
    "step_CLOSE_UNREACHABLE": ("联系不上，按修好办结", "Nobody could be asked; closed"),
    "step_CLOSE_SILENT": ("到时间没有回复，按修好办结", "No answer in time; closed"),
    "step_CLOSE_CASE": ("执法部门办完了", "The enforcement officers are done"),
    "step_REOPEN": ("重新打开", "It was reopened"),
    "step_RATE": ("您评价了", "You rated it"),
    "step_ESCALATE": ("超过时间，报给上一级", "Overdue: the level above was told"),
    "step_SUPPLEMENT": ("补充了情况", "More was said"),
    # following somebody else's report
    "follow_title": ("关注这件隐患", "Follow this hazard"),
    "follow_says": (
        "有进展就告诉您。要用手机号登录；房东和上报的人看不到是您。",
        "You hear how it goes on. Your number signs you in; neither landlord nor reporter sees"
        " that it is you.",
    ),
    "follow_done": ("关注了。有进展会告诉您。", "You follow it, and will hear how it goes on."),
}
