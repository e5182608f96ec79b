"""Pictures go with the person whose they are."""

from identity.belongings import belongs
from media.models import Photo, Upload

belongs(Photo, "owner_id")
belongs(Upload, "owner_id")
