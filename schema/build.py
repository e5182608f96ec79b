"""The schema, put together and made quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

import schema.types.declaration_enums
import schema.types.enums
import schema.types.hazard_enums
import schema.types.hazard_list_enums
import schema.types.hazard_work_enums
import schema.types.listing_enums
import schema.types.my_data_enums
import schema.types.people_enums
import schema.types.residence_enums
import schema.types.task_enums  # noqa: F401 - these give the enums their words
from schema.access import Access
from schema.context import Info
from schema.fields import UndeclaredError, check_field, root_type
from schema.roots.accounts import AccountMutations
from schema.roots.activity import ActivitySubscriptions
from schema.roots.administration import AdministrationMutations, AdministrationQueries
from schema.roots.batches import BatchMutations
from schema.roots.claims import ClaimMutations, ClaimQueries
from schema.roots.declaration_review import DeclarationReviewMutations, DeclarationReviewQueries
from schema.roots.declarations import DeclarationMutations, DeclarationQueries
from schema.roots.deliveries import DeliveryMutations, DeliveryQueries
from schema.roots.enquiries import EnquiryMutations, EnquiryQueries
from schema.roots.hazard_answers import HazardAnswerMutations
from schema.roots.hazard_reports import HazardReportMutations, HazardReportQueries
from schema.roots.hazard_review import HazardReviewMutations
from schema.roots.hazard_work import HazardWorkMutations, HazardWorkQueries
from schema.roots.hazards import HazardMutations, HazardQueries
from schema.roots.inbox import InboxMutations, InboxQueries, InboxSubscriptions
from schema.roots.letting import LettingMutations
from schema.roots.listings import ListingMutations, ListingQueries
from schema.roots.my_data import MyDataMutations, MyDataQueries
from schema.roots.nodes import NodeQueries
from schema.roots.notices import NoticeMutations, NoticeQueries
from schema.roots.offers import OfferMutations, OfferQueries
from schema.roots.people import PeopleMutations, PeopleQueries
from schema.roots.places import PlaceMutations, PlaceQueries
from schema.roots.plate_sheets import PlateSheetMutations, PlateSheetQueries
from schema.roots.plates import PlateMutations, PlateQueries
from schema.roots.redaction import RedactionMutations, RedactionQueries
from schema.roots.room_board import RoomBoardMutations, RoomBoardQueries
from schema.roots.rooms import RoomMutations
from schema.roots.search import SearchQueries
from schema.roots.seeking import SeekingMutations, SeekingQueries
from schema.roots.self_checks import SelfCheckMutations, SelfCheckQueries
from schema.roots.sessions import SessionMutations, SessionQueries
from schema.roots.tasks import TaskMutations, TaskQueries
from schema.roots.templates import TemplateMutations, TemplateQueries
from schema.roots.tenants import TenantMutations, TenantQueries
from schema.roots.territory import TerritoryMutations, TerritoryQueries
from schema.roots.uploads import UploadMutations
from schema.roots.webhooks import WebhookMutations, WebhookQueries
from schema.roots.wechat_sign_in import WeChatMutations, WeChatQueries
from schema.scalars import SCALARS


@root_type
class Query(
    NodeQueries,
    SessionQueries,
    PlateQueries,
    PlateSheetQueries,
    SearchQueries,
    ListingQueries,
    SeekingQueries,
    EnquiryQueries,
    OfferQueries,
    RoomBoardQueries,
    SelfCheckQueries,
    RedactionQueries,
    PlaceQueries,
    ClaimQueries,
    TerritoryQueries,
    NoticeQueries,
    AdministrationQueries,
    InboxQueries,
    WebhookQueries,
    WeChatQueries,
    TemplateQueries,
    DeliveryQueries,
    PeopleQueries,
    DeclarationQueries,
    TenantQueries,
    DeclarationReviewQueries,
    HazardReportQueries,
    HazardQueries,
    HazardWorkQueries,
    TaskQueries,
    MyDataQueries,
):
    """What can be read. `ID`s are global ids; lists are Relay connections."""


@root_type
class Mutation(
    SessionMutations,
    WeChatMutations,
    UploadMutations,
    RedactionMutations,
    ListingMutations,
    SeekingMutations,
    EnquiryMutations,
    OfferMutations,
    RoomBoardMutations,
    BatchMutations,
    SelfCheckMutations,
    PlaceMutations,
    RoomMutations,
    LettingMutations,
    ClaimMutations,
    PlateMutations,
    PlateSheetMutations,
    TerritoryMutations,
    NoticeMutations,
    AdministrationMutations,
    TemplateMutations,
    DeliveryMutations,
    AccountMutations,
    InboxMutations,
    WebhookMutations,
    PeopleMutations,
    DeclarationMutations,
    TenantMutations,
    DeclarationReviewMutations,
    HazardReportMutations,
    HazardReviewMutations,
    HazardMutations,
    HazardWorkMutations,
    HazardAnswerMutations,
    TaskMutations,
    MyDataMutations,
):
    """What can be done. Repeating a request with the same `requestId` does nothing twice."""


@root_type
class Subscription(ActivitySubscriptions, InboxSubscriptions):
    """What can be watched, over `graphql-transport-ws` or as an event stream."""


def read(source: Any, name: str) -> Any:
    """A plain field: of a row as the database gave it, or of an object."""
    return source[name] if type(source) is dict else getattr(source, name)


S = TypeVar("S", bound=strawberry.Schema)


def build(schema_class: type[S], **options: Any) -> S:
    """A new schema of a class; ``options`` as that takes them.

    Raises:
        UndeclaredError: a field has no access rule or no description.
    """
    made = schema_class(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(
            default_resolver=read, info_class=Info, scalar_map=SCALARS, relay_max_results=100
        ),
        **options,
    )
    for graphql_type in made._schema.type_map.values():  # noqa: SLF001 - no public way
        if graphql_type.name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLObjectType):
            _finish(graphql_type)
        elif isinstance(graphql_type, GraphQLEnumType):
            _check_words(graphql_type.name, graphql_type.values)
        elif isinstance(graphql_type, GraphQLInputObjectType):
            _check_words(graphql_type.name, graphql_type.fields)
    return made


def _check_words(name: str, parts: Mapping[str, Any]) -> None:
    """Refuse enums and inputs that were declared round :mod:`schema.fields`."""
    for part, definition in parts.items():
        if not definition.description:
            raise UndeclaredError(f"{name}.{part} has no description")


def _finish(graphql_type: GraphQLObjectType) -> None:
    """Check every field of a type and give plain ones the shortest way to their value."""
    for name, field in graphql_type.fields.items():
        definition: StrawberryField = field.extensions["strawberry-definition"]
        check_field(f"{graphql_type.name}.{name}", definition)
        if definition.base_resolver is None:
            access: Access = definition.metadata["access"]
            narrowed = "narrowed" in definition.metadata
            field.resolve = _reader(definition.python_name, access if narrowed else None)
    faces = [face for face in graphql_type.interfaces if isinstance(face, GraphQLInterfaceType)]
    graphql_type.is_type_of = _by_typename(graphql_type.name) if faces else None


def _reader(name: str, access: Access | None) -> Callable[[Any, GraphQLResolveInfo[Any]], Any]:
    def plain(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        return source[name] if type(source) is dict else getattr(source, name)

    def narrowed(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        allowed = access is None or access.allows(info.context.actor, source)
        return source[name] if allowed else None

    reader = narrowed if access else plain
    reader.plain = (name, access)  # type: ignore[attr-defined]  # read by api.graphql.rows
    return reader


def _by_typename(type_name: str) -> Callable[[Any, GraphQLResolveInfo[Any]], bool]:
    """Which type a row found through an interface is; other rows are what they must be."""

    def is_type_of(source: Any, info: GraphQLResolveInfo[Any]) -> bool:
        found: str = source.get("__typename", type_name)
        return found == type_name

    return is_type_of
