"""Signing in and out, and who is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from core.errors import InvalidInput
from identity.access import access_account
from identity.accounts import set_display_name
from identity.authentication import actor_from_token
from identity.phone_sign_in import request_sms_code, sign_in_with_sms_code
from identity.second_factor import begin_totp, confirm_totp
from identity.sessions import OpenSession, refresh_session, sign_out
from identity.staff_sign_in import sign_in_staff
from schema.access import ACCOUNT, PERSON, PUBLIC, STAFF
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
    selected_here,
)
from schema.once import Requested, run_once
from schema.types.viewer import Viewer, viewer_row


@gql_type(access=PUBLIC)
class Session:
    """An open session. Keep the refresh token safe: it is good once."""

    access_token: str = attr("For `Authorization: Bearer`.")
    access_expires_at: datetime = attr("Until when it is good: 15 minutes.")
    refresh_token: str = attr("For `refreshSession`, once. Using it twice ends the session.")
    refresh_expires_at: datetime = attr("Until when it is good.")
    viewer: Viewer = attr("Who is signed in now.", deferred=True)


@gql_type(access=PUBLIC)
class SessionPayload:
    """The session."""

    session: Session = attr("The session.")


@gql_type(access=PUBLIC)
class SmsCodePayload:
    """What became of the code."""

    sent: bool = attr("It is on its way.")
    expires_at: datetime = attr("Until when it is good.")
    retry_after: int = attr("After how many seconds another may be asked for.")


@gql_type(access=PUBLIC)
class SignOutPayload:
    """What was ended."""

    sessions: int = attr("How many sessions ended.")


@gql_type(access=STAFF)
class EnrolTotpPayload:
    """The second factor, as far as it is set up."""

    otpauth_uri: str | None = attr("For the authenticator; shown once, when it begins.")
    recovery_codes: list[str] | None = attr("Each stands in once; shown once, when it is done.")


@gql_type(access=PUBLIC)
class ViewerPayload:
    """The viewer."""

    viewer: Viewer = attr("Who is signed in.")


@gql_input
class RequestSmsCodeInput:
    """Where to send a code."""

    phone: str = given("Mobile number of mainland China.")


@gql_input
class SignInWithSmsCodeInput:
    """The code that came."""

    phone: str = given("The number it was sent to.")
    code: str = given("The six digits.")


@gql_input
class SignInStaffInput:
    """Both factors of a member of staff."""

    user_name: str = given("User name.")
    password: str = given("Password.")
    totp: str | None = given(
        "Code of the authenticator, or a recovery code; empty before it is set up.", default=None
    )


@gql_input
class EnrolTotpInput:
    """Twice: without `code` to get the secret, then with a code of it to put it in force."""

    code: str | None = given("A code of the new authenticator.", default=None)
    present: str | None = given("To change it: a code of the present one.", default=None)


@gql_input
class RefreshSessionInput:
    """The token that continues the session."""

    refresh_token: str = given("As the last sign-in or refresh gave it.")


@gql_input
class SignOutInput:
    """Where to sign out."""

    everywhere: bool = given("On every device, not only here.", default=False)


@gql_input
class SetDisplayNameInput(Requested):
    """What others see instead of a name."""

    display_name: str = given("Up to 60 characters.")


@root_type
class SessionQueries:
    """Who is signed in."""

    @query(Viewer | None, access=PUBLIC, deferred=True)
    async def viewer(self, info: Info) -> dict[str, Any] | None:
        """Who is signed in and what is theirs; `null` when nobody is."""
        context = info.context
        if not context.actor.signed_in:
            return None
        want = selected_here(info)
        return await viewer_row(context.actor, want, context)


@root_type
class SessionMutations:
    """Signing in and out. These carry no `requestId`."""

    @mutation(SmsCodePayload, access=PUBLIC)
    async def request_sms_code(
        self,
        info: Info,
        input: Annotated[RequestSmsCodeInput, strawberry.argument(description="Where to.")],
    ) -> dict[str, Any]:
        """Have a one-time code sent by short message."""
        requested = await request_sms_code(info.context.actor, phone=input.phone)
        return {
            "sent": True,
            "expires_at": requested.expires_at,
            "retry_after": int(requested.retry_after.total_seconds()),
        }

    @mutation(SessionPayload, access=PUBLIC)
    async def sign_in_with_sms_code(
        self,
        info: Info,
        input: Annotated[SignInWithSmsCodeInput, strawberry.argument(description="The code.")],
    ) -> dict[str, Any]:
        """Sign in by the code that came; the first time makes the account."""
        context = info.context
        opened = await sign_in_with_sms_code(
            context.actor, phone=input.phone, code=input.code, device=context.device
        )
        return await session_payload(info, opened)

    @mutation(SessionPayload, access=PUBLIC)
    async def sign_in_staff(
        self,
        info: Info,
        input: Annotated[SignInStaffInput, strawberry.argument(description="Both factors.")],
    ) -> dict[str, Any]:
        """Sign in as staff."""
        context = info.context
        opened = await sign_in_staff(
            context.actor,
            user_name=input.user_name,
            password=input.password,
            totp=input.totp,
            device=context.device,
        )
        return await session_payload(info, opened)

    @mutation(EnrolTotpPayload, access=STAFF)
    async def enrol_totp(
        self,
        info: Info,
        input: Annotated[EnrolTotpInput, strawberry.argument(description="Which step.")],
    ) -> dict[str, Any]:
        """Set up the second factor (动态码), in two steps."""
        actor = info.context.actor
        try:
            if input.code is None:
                uri = await begin_totp(actor, totp=input.present)
                return {"otpauth_uri": uri, "recovery_codes": None}
            codes = await confirm_totp(actor, totp=input.code)
        except InvalidInput as refused:
            refused.field = "input.present" if input.code is None else "input.code"
            raise
        return {"otpauth_uri": None, "recovery_codes": codes}

    @mutation(SessionPayload, access=PUBLIC)
    async def refresh_session(
        self,
        info: Info,
        input: Annotated[RefreshSessionInput, strawberry.argument(description="The token.")],
    ) -> dict[str, Any]:
        """Continue a session with new tokens."""
        opened = await refresh_session(info.context.actor, refresh_token=input.refresh_token)
        return await session_payload(info, opened)

    @mutation(SignOutPayload, access=PERSON)
    async def sign_out(
        self,
        info: Info,
        input: Annotated[SignOutInput, strawberry.argument(description="Where.")],
    ) -> dict[str, Any]:
        """Sign out, here or on every device; in force at once."""
        return {"sessions": await sign_out(info.context.actor, everywhere=input.everywhere)}

    @mutation(ViewerPayload, access=ACCOUNT)
    async def set_display_name(
        self,
        info: Info,
        input: Annotated[SetDisplayNameInput, strawberry.argument(description="The name.")],
    ) -> dict[str, Any]:
        """Set what others see instead of your name."""
        context = info.context
        account_id = await run_once(
            info, input, lambda: set_display_name(context.actor, name=input.display_name)
        )
        row = await viewer_row(context.actor, selected(info)["viewer"], context)
        account = await access_account(context.actor, account_id=account_id)
        return {"viewer": {**(row or {}), "name": account.display_name}}


async def session_payload(info: Info, opened: OpenSession) -> dict[str, Any]:
    """The answer to a sign-in; from here on the request is the new actor's."""
    context = info.context
    context.actor = await actor_from_token(opened.access.text, address=context.actor.address)
    want = selected(info)["session"].resume("viewer", context.actor)
    return {
        "session": {
            "access_token": opened.access.text,
            "access_expires_at": opened.access.expires_at,
            "refresh_token": opened.refresh_token,
            "refresh_expires_at": opened.refresh_expires_at,
            "viewer": await viewer_row(context.actor, want, context),
        }
    }
