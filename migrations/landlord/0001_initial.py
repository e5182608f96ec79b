from tortoise import migrations
from tortoise.migrations import operations as ops
from core.create_models import CreateModels
from core.crypto import EncryptedField
from core.ids import uuid7
from landlord.models.content_checks import ContentKind, ContentState
from landlord.snapshots import DROP_TRIGGERS_SQL, TRIGGERS_SQL
from landlord.models.listings import LetBy, ListingState, SnapshotOccasion
from landlord.models.seeking import EnquiryState, ReportReason, ReportState, ReservationState, ViewingState
from landlord.models.self_checks import CheckResult
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

SEARCH_OPTIONS = {
    'table': 'listing_search',
    'app': 'landlord',
    'indexes': [
        Index(fields=['rank', 'listing_id'], name='listing_search_rank'),
        Index(fields=['published_at', 'listing_id'], name='listing_search_new'),
        Index(fields=['rent', 'listing_id'], name='listing_search_rent'),
        Index(fields=['area', 'listing_id'], name='listing_search_area'),
        Index(fields=['place_id'], name='listing_search_place'),
        GinIndex(fields=['words', 'features'], name='listing_search_words'),
        GinIndex(fields=['heading', 'features'], name='listing_search_heading'),
    ],
    'pk_attr': 'listing_id',
    'table_description': 'A listing as it is searched; written by :mod:`landlord.search.projection` alone.',
}

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE content_check
    ADD CONSTRAINT content_check_photo CHECK ((kind = 'PHOTO') = (photo_id IS NOT NULL)),
    ADD CONSTRAINT content_check_answered CHECK ((state = 'WAITING') = (answered_at IS NULL));
ALTER TABLE enquiry
    ADD CONSTRAINT enquiry_viewing CHECK ((viewing_at IS NULL) = (viewing_state IS NULL));
ALTER TABLE listing
    ADD CONSTRAINT listing_rent CHECK (rent > 0),
    ADD CONSTRAINT listing_state_before CHECK ((state = 'SUSPENDED') = (state_before IS NOT NULL)),
    ADD CONSTRAINT listing_suspendable CHECK (state_before IS NULL OR state_before IN ('PUBLISHED', 'RESERVED')),
    ADD CONSTRAINT listing_beds CHECK ((let_by = 'BED') = (beds IS NOT NULL)),
    ADD CONSTRAINT listing_published CHECK (state <> 'PUBLISHED' OR published_at IS NOT NULL);
ALTER TABLE listing_report
    ADD CONSTRAINT listing_report_end CHECK ((state = 'OPEN') = (decided_at IS NULL));
ALTER TABLE reservation
    ADD CONSTRAINT reservation_end CHECK ((state = 'HELD') = (ended_at IS NULL));
ALTER TABLE self_check_item
    ADD CONSTRAINT self_check_fixed CHECK ((result = 'FIXED') = (fixed_at IS NOT NULL));
CREATE UNIQUE INDEX content_check_one_text ON content_check (listing_id, listing_version)
    WHERE kind = 'TEXT';
ALTER TABLE content_check
    ADD CONSTRAINT content_check_one_photo UNIQUE (listing_id, listing_version, photo_id);
CREATE UNIQUE INDEX listing_one_on_offer ON listing (room_id)
    WHERE state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED');
CREATE UNIQUE INDEX listing_report_once ON listing_report (listing_id, reporter_id)
    WHERE state = 'OPEN';
CREATE UNIQUE INDEX reservation_one_held ON reservation (listing_id)
    WHERE state = 'HELD'
"""

# Tortoise writes no index on an expression. What is searched is read at once, so the GIN indexes
# keep no list of what is still to be sorted in. The targets of statistics hold the frequencies by
# which a way is chosen (landlord.search.frequencies).
SEARCH = """
CREATE INDEX listing_search_point ON listing_search USING gist (point(east, north));
ALTER INDEX listing_search_words SET (fastupdate = off);
ALTER INDEX listing_search_heading SET (fastupdate = off);
ALTER TABLE listing_search
    ALTER words SET STATISTICS 300,
    ALTER heading SET STATISTICS 300,
    ALTER features SET STATISTICS 300;
CREATE FUNCTION listing_search_leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN DELETE FROM listing_search WHERE listing_id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER listing_search_leave AFTER UPDATE OF state ON listing FOR EACH ROW
    WHEN (OLD.state = 'PUBLISHED' AND NEW.state <> 'PUBLISHED')
    EXECUTE FUNCTION listing_search_leave()
"""
LEAVE_SEARCH = """
DROP TRIGGER listing_search_leave ON listing;
DROP FUNCTION listing_search_leave()
"""


class Migration(migrations.Migration):
    dependencies = [('identity', '0005_session_parted'), ('citizen', '0001_initial')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='Listing',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('room', fields.ForeignKeyField('management.Room', source_field='room_id', db_constraint=True, to_field='id', related_name='listings', on_delete=OnDelete.RESTRICT)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='listings', on_delete=OnDelete.RESTRICT)),
                    ('landlord', fields.ForeignKeyField('identity.Account', source_field='landlord_id', db_constraint=True, to_field='id', related_name='listings', on_delete=OnDelete.RESTRICT)),
                    ('community_code', fields.CharField(description='as of the place: search needs no join', max_length=40)),
                    ('state', fields.CharEnumField(default=ListingState.DRAFT, description='DRAFT: DRAFT\nIN_REVIEW: IN_REVIEW\nPUBLISHED: PUBLISHED\nRESERVED: RESERVED\nSUSPENDED: SUSPENDED\nLET: LET\nWITHDRAWN: WITHDRAWN', enum_type=ListingState, max_length=12)),
                    ('state_before', fields.CharEnumField(null=True, description='of a suspended one: to come back to', enum_type=ListingState, max_length=12)),
                    ('let_by', fields.CharEnumField(default=LetBy.ROOM, description='ROOM: ROOM\nBED: BED', enum_type=LetBy, max_length=4)),
                    ('beds', fields.SmallIntField(null=True, description='on offer, when let by the bed')),
                    ('title', fields.CharField(max_length=60)),
                    ('description', fields.CharField(default='', max_length=1000)),
                    ('rent', fields.DecimalField(description='yuan a month', max_digits=9, decimal_places=2)),
                    ('deposit', fields.DecimalField(null=True, description='yuan', max_digits=9, decimal_places=2)),
                    ('area', fields.DecimalField(null=True, description='usable m²', max_digits=7, decimal_places=2)),
                    ('water_price', fields.DecimalField(null=True, description='yuan per m³', max_digits=6, decimal_places=2)),
                    ('electricity_price', fields.DecimalField(null=True, description='yuan per kWh', max_digits=6, decimal_places=2)),
                    ('management_fee', fields.DecimalField(null=True, description='yuan a month beside the rent', max_digits=9, decimal_places=2)),
                    ('facilities', ArrayField(default=list, description='as in Facility', element_type='TEXT')),
                    ('available_from', fields.DateField(null=True)),
                    ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('refreshed_at', fields.DatetimeField(null=True, description='when the landlord last said that it is still to let', auto_now=False, auto_now_add=False)),
                    ('warned_at', fields.DatetimeField(null=True, description='when the landlord was told that it will be withdrawn', auto_now=False, auto_now_add=False)),
                    ('review_reason', fields.CharField(default='', description='why review refused it', max_length=200)),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ],
                options={'table': 'listing', 'app': 'landlord', 'constraints': [UniqueConstraint(fields=('room_id',), name='listing_one_on_offer', condition="state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED')"), CheckConstraint(check='rent > 0', name='listing_rent'), CheckConstraint(check="(state = 'SUSPENDED') = (state_before IS NOT NULL)", name='listing_state_before'), CheckConstraint(check="state_before IS NULL OR state_before IN ('PUBLISHED', 'RESERVED')", name='listing_suspendable'), CheckConstraint(check="(let_by = 'BED') = (beds IS NOT NULL)", name='listing_beds'), CheckConstraint(check="state <> 'PUBLISHED' OR published_at IS NOT NULL", name='listing_published')], 'indexes': [Index(fields=['landlord_id', 'id'], name='listing_landlord'), PartialIndex(fields=['refreshed_at', 'id'], name='listing_public_refreshed', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['updated_at', 'id'], name='listing_in_review', condition={'state': 'IN_REVIEW'}), Index(fields=['place_id', 'state'], name='listing_place_state'), PartialIndex(fields=['place_id', 'id'], name='listing_public_place', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['room_id', 'id'], name='listing_public_room', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['community_code', 'rent', 'id'], name='listing_public_comm_rent', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['community_code', 'published_at', 'id'], name='listing_public_comm_new', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['rent', 'id'], name='listing_public_rent', condition={'state': 'PUBLISHED'}), PartialIndex(fields=['published_at', 'id'], name='listing_public_new', condition={'state': 'PUBLISHED'})], 'pk_attr': 'id', 'table_description': 'One room put up to let (房源).'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ContentCheck',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='content_checks', on_delete=OnDelete.CASCADE)),
                    ('listing_version', fields.IntField(description='of the listing in review')),
                    ('kind', fields.CharEnumField(description='TEXT: TEXT\nPHOTO: PHOTO', enum_type=ContentKind, max_length=8)),
                    ('photo_id', fields.UUIDField(null=True, description='no reference: what was checked once keeps no picture')),
                    ('trace_id', fields.CharField(null=True, unique=True, description="WeChat's, once asked", max_length=128)),
                    ('state', fields.CharEnumField(default=ContentState.WAITING, description='WAITING: WAITING\nPASS: PASS\nREVIEW: REVIEW\nRISKY: RISKY\nUNKNOWN: UNKNOWN', enum_type=ContentState, max_length=8)),
                    ('label', fields.IntField(null=True, description="WeChat's kind of offence")),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('asked_at', fields.DatetimeField(null=True, description='WeChat took it', auto_now=False, auto_now_add=False)),
                    ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('with_staff_since', fields.DatetimeField(null=True, description='since when staff are asked to read the listing', auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'content_check', 'app': 'landlord', 'constraints': [UniqueConstraint(fields=('listing_id', 'listing_version'), name='content_check_one_text', condition="kind = 'TEXT'"), UniqueConstraint(fields=('listing_id', 'listing_version', 'photo_id'), name='content_check_one_photo'), CheckConstraint(check="(kind = 'PHOTO') = (photo_id IS NOT NULL)", name='content_check_photo'), CheckConstraint(check="(state = 'WAITING') = (answered_at IS NULL)", name='content_check_answered')], 'indexes': [Index(fields=['listing_id', 'listing_version'], name='content_check_listing'), PartialIndex(fields=['photo_id'], name='content_check_passed', condition={'state': 'PASS'})], 'pk_attr': 'id', 'table_description': 'One check of the words or of one picture of a listing in review, as one version has them.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Enquiry',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='enquiries', on_delete=OnDelete.RESTRICT)),
                    ('seeker', fields.ForeignKeyField('identity.Account', source_field='seeker_id', db_constraint=True, to_field='id', related_name='enquiries', on_delete=OnDelete.RESTRICT)),
                    ('state', fields.CharEnumField(default=EnquiryState.OPEN, description='OPEN: OPEN\nANSWERED: ANSWERED\nCLOSED: CLOSED', enum_type=EnquiryState, max_length=10)),
                    ('viewing_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('viewing_state', fields.CharEnumField(null=True, description='PROPOSED: PROPOSED\nCONFIRMED: CONFIRMED\nDECLINED: DECLINED\nCANCELLED: CANCELLED', enum_type=ViewingState, max_length=10)),
                    ('viewing_from_landlord', fields.BooleanField(null=True, description='who named the time; the other one confirms it')),
                    ('phone_shared_at', fields.DatetimeField(null=True, description='when the landlord let the seeker see their number', auto_now=False, auto_now_add=False)),
                    ('seeker_phone_shared_at', fields.DatetimeField(null=True, description='when the seeker let the landlord see theirs', auto_now=False, auto_now_add=False)),
                    ('last_words_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'enquiry', 'app': 'landlord', 'unique_together': (('listing_id', 'seeker_id'),), 'constraints': [CheckConstraint(check='(viewing_at IS NULL) = (viewing_state IS NULL)', name='enquiry_viewing')], 'indexes': [Index(fields=['seeker_id', 'last_words_at', 'id'], name='enquiry_seeker'), Index(fields=['listing_id', 'last_words_at', 'id'], name='enquiry_listing')], 'pk_attr': 'id', 'table_description': 'A conversation of one seeker with the landlord about one listing, with its viewing.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='EnquiryMessage',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('enquiry', fields.ForeignKeyField('landlord.Enquiry', source_field='enquiry_id', db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.CASCADE)),
                    ('from_landlord', fields.BooleanField()),
                    ('words', EncryptedField(null=True, unique=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'enquiry_message', 'app': 'landlord', 'indexes': [Index(fields=['enquiry_id', 'id'], name='enquiry_message_order')], 'pk_attr': 'id', 'table_description': 'What one of the two said.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ListingPhoto',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.CASCADE)),
                    ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='listings', on_delete=OnDelete.RESTRICT)),
                    ('position', fields.SmallIntField()),
                ],
                options={'table': 'listing_photo', 'app': 'landlord', 'unique_together': (('listing_id', 'position'),), 'pk_attr': 'id', 'table_description': 'A picture of a listing, in the order the landlord gave.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ListingReport',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='reports', on_delete=OnDelete.RESTRICT)),
                    ('reporter', fields.ForeignKeyField('identity.Account', source_field='reporter_id', null=True, db_constraint=True, to_field='id', related_name='listing_reports', on_delete=OnDelete.SET_NULL)),
                    ('reason', fields.CharEnumField(description='NOT_REAL: NOT_REAL\nWRONG_PRICE: WRONG_PRICE\nWRONG_PHOTOS: WRONG_PHOTOS\nALREADY_LET: ALREADY_LET\nFEE_FIRST: FEE_FIRST\nUNSAFE: UNSAFE\nOTHER: OTHER', enum_type=ReportReason, max_length=14)),
                    ('words', EncryptedField(null=True, unique=False)),
                    ('state', fields.CharEnumField(default=ReportState.OPEN, description='OPEN: OPEN\nUPHELD: UPHELD\nDISMISSED: DISMISSED', enum_type=ReportState, max_length=10)),
                    ('decided_by', fields.UUIDField(null=True)),
                    ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('decision', fields.CharField(default='', description='why, in the words of staff', max_length=200)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'listing_report', 'app': 'landlord', 'constraints': [UniqueConstraint(fields=('listing_id', 'reporter_id'), name='listing_report_once', condition="state = 'OPEN'"), CheckConstraint(check="(state = 'OPEN') = (decided_at IS NULL)", name='listing_report_end')], 'indexes': [Index(fields=['state', 'id'], name='listing_report_queue'), Index(fields=['listing_id', 'state'], name='listing_report_listing')], 'pk_attr': 'id', 'table_description': 'Somebody says that a listing is not what it seems; staff decide.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ListingSearch',
                fields=[
                    ('listing', fields.OneToOneField('landlord.Listing', source_field='listing_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='search', on_delete=OnDelete.CASCADE)),
                    ('place_id', fields.UUIDField()),
                    ('community_code', fields.CharField(max_length=40)),
                    ('rent', fields.DecimalField(description='yuan a month', max_digits=9, decimal_places=2)),
                    ('area', fields.DecimalField(description='usable m²; 0 when not known', max_digits=7, decimal_places=2)),
                    ('available_from', fields.DateField(description='1970-01-01 when free already')),
                    ('east', fields.FloatField(null=True, description='metres, spherical Mercator')),
                    ('north', fields.FloatField(null=True, description='metres, spherical Mercator')),
                    ('published_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('quality', fields.SmallIntField(description='points for what the offer says and shows')),
                    ('rank', fields.IntField(description='days since 2020, later for a better offer')),
                    ('features', ArrayField(description='codes of all that can be asked for', element_type='TEXT')),
                    ('heading', TSVectorField(description='title, address, community, codes', source_fields=(), stored=False)),
                    ('words', TSVectorField(description='the same and the description', source_fields=(), stored=False)),
                    ('digest', fields.CharField(description='of everything above, to find what differs', max_length=32)),
                ],
                options=SEARCH_OPTIONS,
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ListingSnapshot',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='snapshots', on_delete=OnDelete.RESTRICT)),
                    ('version', fields.IntField(description='of the listing')),
                    ('occasion', fields.CharEnumField(description='PUBLISHED: PUBLISHED\nCHANGED: CHANGED\nRESERVED: RESERVED\nLET: LET\nREPORTED: REPORTED', enum_type=SnapshotOccasion, max_length=12)),
                    ('content', fields.JSONField(description='the offer as the public saw it', encoder=JSON_DUMPS, decoder=loads)),
                    ('digest', fields.CharField(description='SHA-256 of the content, in hex', max_length=64)),
                    ('taken_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'listing_snapshot', 'app': 'landlord', 'unique_together': (('listing_id', 'version', 'occasion'),), 'pk_attr': 'id', 'table_description': 'What was on offer at a moment, word for word: evidence, never changed.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Reservation',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='reservations', on_delete=OnDelete.RESTRICT)),
                    ('seeker', fields.ForeignKeyField('identity.Account', source_field='seeker_id', db_constraint=True, to_field='id', related_name='reservations', on_delete=OnDelete.RESTRICT)),
                    ('state', fields.CharEnumField(default=ReservationState.HELD, description='HELD: HELD\nRELEASED: RELEASED\nEXPIRED: EXPIRED\nLET: LET', enum_type=ReservationState, max_length=10)),
                    ('until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'reservation', 'app': 'landlord', 'constraints': [UniqueConstraint(fields=('listing_id',), name='reservation_one_held', condition="state = 'HELD'"), CheckConstraint(check="(state = 'HELD') = (ended_at IS NULL)", name='reservation_end')], 'indexes': [Index(fields=['seeker_id', 'created_at'], name='reservation_seeker'), Index(fields=['state', 'until'], name='reservation_until'), Index(fields=['listing_id'], name='reservation_listing')], 'pk_attr': 'id', 'table_description': "A seeker holds a room until a moment; two can't hold the same."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SavedListing',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='saved_listings', on_delete=OnDelete.CASCADE)),
                    ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='saved_by', on_delete=OnDelete.CASCADE)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'saved_listing', 'app': 'landlord', 'unique_together': (('account_id', 'listing_id'),), 'indexes': [Index(fields=['listing_id'], name='saved_listing_listing')], 'pk_attr': 'id', 'table_description': 'A listing that somebody keeps an eye on.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SelfCheck',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='self_checks', on_delete=OnDelete.RESTRICT)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='self_checks', on_delete=OnDelete.RESTRICT)),
                    ('month', fields.DateField(description='its first day')),
                    ('checklist', fields.CharField(description='version of the list of points', max_length=12)),
                    ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'self_check', 'app': 'landlord', 'unique_together': (('place_id', 'month'),), 'pk_attr': 'id', 'table_description': 'One house, one month (自查): made by who runs it, once.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SelfCheckItem',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('check', fields.ForeignKeyField('landlord.SelfCheck', source_field='check_id', db_constraint=True, to_field='id', related_name='items', on_delete=OnDelete.CASCADE)),
                    ('point', fields.CharField(description='code of the point', max_length=30)),
                    ('result', fields.CharEnumField(description='FINE: FINE\nFOUND: FOUND\nFIXED: FIXED', enum_type=CheckResult, max_length=6)),
                    ('words', EncryptedField(null=True, unique=False)),
                    ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', null=True, db_constraint=True, to_field='id', related_name='self_check_items', on_delete=OnDelete.SET_NULL)),
                    ('fixed_photo', fields.ForeignKeyField('media.Photo', source_field='fixed_photo_id', null=True, db_constraint=True, to_field='id', related_name='self_check_fixes', on_delete=OnDelete.SET_NULL)),
                    ('fixed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'self_check_item', 'app': 'landlord', 'unique_together': (('check_id', 'point'),), 'constraints': [CheckConstraint(check="(result = 'FIXED') = (fixed_at IS NOT NULL)", name='self_check_fixed')], 'pk_attr': 'id', 'table_description': 'One point of a self-check, with pictures of it as found and as fixed.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SnapshotPhoto',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('snapshot', fields.ForeignKeyField('landlord.ListingSnapshot', source_field='snapshot_id', db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.CASCADE)),
                    ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='snapshots', on_delete=OnDelete.RESTRICT)),
                    ('position', fields.SmallIntField()),
                ],
                options={'table': 'listing_snapshot_photo', 'app': 'landlord', 'unique_together': (('snapshot_id', 'position'),), 'pk_attr': 'id', 'table_description': 'A picture as a snapshot shows it.'},
                bases=['Model'],
            ),
        ),
        ops.AlterModelOptions(name='ListingSearch', options=SEARCH_OPTIONS),
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(SEARCH, LEAVE_SEARCH),
        ops.RunSQL(TRIGGERS_SQL, DROP_TRIGGERS_SQL),
    ]
