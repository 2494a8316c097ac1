"""Orders of past years live in the database `archive`, and nothing else does."""


class ArchiveRouter:
    def db_for_read(self, model, **hints):
        return "archive" if model._meta.model_name == "archivedorder" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (db == "archive") == (model_name == "archivedorder")
