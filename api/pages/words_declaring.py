"""What the pages say on which residents register where they live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# For each key the words in zh-CN, then in en.
DECLARING: Final[Mapping[str, tuple[str, str]]] = {
    "declare": ("登记住址", "Register that I live here"),
    "declare_says_short": ("只填两项", "Two fields only"),
    "declare_title": ("登记住址", "Register where you live"),
    "declare_says": (
        "先用手机号收一个验证码，再填姓名和证件号码，就好了。",
        "First a code for your phone, then your name and document number. That is all.",
    ),
    "declare_name": ("姓名", "Name"),
    "declare_number": ("证件号码", "Document number"),
    "declare_known": ("还是用这个身份登记", "Register as"),
    "declare_not_me": (
        "不是您本人？请用自己的手机号登记，或打网格办。",
        "Not you? Use your own phone number, or call the wardens.",
    ),
    "declare_room": ("住哪一间", "Which room"),
    "declare_more": ("入住日期、证件类型", "First day, kind of document"),
    "declare_kind": ("证件类型", "Kind of document"),
    "document_MAINLAND_ID": ("居民身份证", "Resident identity card"),
    "document_RESIDENCE_PERMIT_HMT": ("港澳台居民居住证", "Residence permit (HK, Macao, Taiwan)"),
    "document_PERMANENT_RESIDENCE": (
        "外国人永久居留身份证",
        "Foreign permanent resident card",
    ),
    "document_PASSPORT": ("护照", "Passport"),
    "declare_starts": ("从哪天起住在这里", "Living here since"),
    "declare_family": ("家人一起登记", "Register family with me"),
    "declare_family_known": ("上次和您一起登记的", "Registered with you before"),
    "declare_member": ("第 {n} 位家人", "Family member {n}"),
    "declare_relation": ("和您的关系", "To you they are"),
    "relation_SELF": ("本人", "Self"),
    "relation_SPOUSE": ("配偶", "Husband or wife"),
    "relation_CHILD": ("子女", "Child"),
    "relation_PARENT": ("父母", "Parent"),
    "relation_OTHER": ("其他家人", "Other family"),
    "relation_TENANT": ("租客", "Tenant"),
    "declare_add": ("加一位家人", "Add a family member"),
    "declare_agree": ("我看过并同意：{title}", "I have read and agree: {title}"),
    "declare_agree_text": ("看“{title}”的说明", "Read: {title}"),
    "declare_send": ("登记", "Register"),
    "declare_lost": (
        "没有找到这个房间或家人，请重新选。",
        "That room or relative was not found. Please choose again.",
    ),
    # what came of it
    "declare_done": ("登记好了", "You are registered"),
    "declare_held": ("收到了，要等网格员核实", "Received; a warden will check it"),
    "declare_part_held": ("收到了，有人要等网格员核实", "Received; a warden checks some of it"),
    "declare_at": ("{place} {room} 房", "{place}, room {room}"),
    "declare_people": ("{n} 个人", "People: {n}"),
    "declare_since": ("从{day}起", "Since {day}"),
    "declare_done_says": (
        "从现在起就算数，不用再去窗口。以前登记的住址自动结束。",
        "It counts from now on; there is no counter to go to. An earlier address has ended.",
    ),
    "declare_held_says": ("为什么要核实：", "Why it is checked:"),
    "declare_held_next": (
        "不用再填一次。网格员会上门或打电话，请带好证件。",
        "Don't send it again. A warden will call or come by; have your document at hand.",
    ),
    "declare_landlord_told": (
        "我们会问房东一声。房东不回答，不影响您。",
        "The landlord is asked. If they don't answer, nothing changes for you.",
    ),
    "declare_police": ("24 小时内到派出所登记", "Register with the police within 24 hours"),
    "declare_police_says": (
        "用护照的，除了这里，还要本人或房东到派出所办住宿登记（出境入境管理法第三十九条）。",
        "With a passport, you or your landlord must also register your stay at the police station"
        " (Exit and Entry Administration Law, article 39).",
    ),
    "declare_change": (
        "搬走了，或者登记错了，打网格办或在小程序里改。",
        "Moving out, or something wrong? Call the wardens, or change it in the mini-program.",
    ),
    "doubt_LANDLORD_DENIES": (
        "房东说过您不住这里。",
        "The landlord has said that you don't live here.",
    ),
    "doubt_OVER_CAPACITY": (
        "这间房登记的人，比面积允许的多。",
        "More people are registered in this room than its size allows.",
    ),
    "doubt_PLACE_NOT_LET": (
        "这栋楼或这间房现在不能出租，要看看是否安全。",
        "This house or room may not be let now; whether it is safe has to be seen.",
    ),
    "doubt_NAME_CONFLICT": (
        "姓名和这个证件以前登记的不一样。",
        "The name differs from what was registered with this document before.",
    ),
    "doubt_MANY_IN_A_DAY": (
        "这个手机号今天登记了好几次。",
        "This phone number has registered several times today.",
    ),
    "doubt_ACCOUNT_UNPROVEN": (
        "要由网格员核对一下证件是不是本人的。",
        "A warden has to see that the document is yours.",
    ),
}
