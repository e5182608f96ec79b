"""What of identity and of the core goes with a person from one account to another."""

from core.audit import AuditEntry
from core.models import RequestClaim
from identity.belongings import belongs, stays
from identity.models import AccountMerge, Session, WeChatUser

belongs(Session, "account_id")
belongs(WeChatUser, "account_id")
belongs(RequestClaim, "actor_id")
stays(AuditEntry, "actor_id", why="the trail says as whom somebody acted then")
stays(AccountMerge, "kept_id", why="an earlier merge is undone only after the later one")
stays(AccountMerge, "merged_id", why="an earlier merge is undone only after the later one")
