SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'admin';
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'admin' AND "django_content_type"."model" IN ('logentry'));
SELECT "auth_permission"."content_type_id" AS "content_type", "auth_permission"."codename" AS "codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (1) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, 2 ASC;
INSERT INTO "labelled_language" ("code") VALUES ('en') RETURNING "labelled_language"."id";
INSERT INTO "labelled_option" ("key", "value") VALUES ('theme', ''), ('footer', ''), ('currency', ''), ('timezone', '') RETURNING "labelled_option"."id";
INSERT INTO "auth_group" ("name") VALUES ('staff') RETURNING "auth_group"."id";
INSERT INTO "labelled_category" ("parent_id", "name", "path") VALUES (NULL, 'root', '') RETURNING "labelled_category"."id";
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('', NULL, 0, 'user 0', '', '', '', 0, 1, '2024-05-01 12:00:00.123456') RETURNING "auth_user"."id";
INSERT INTO "labelled_project" ("title", "body", "views", "position", "company_id", "lead_id", "deputy_id") VALUES ('project 0', '', 0, 0, 1, 1, 2) RETURNING "labelled_project"."id";
INSERT OR IGNORE INTO "labelled_task_blocked_by" ("from_task_id", "to_task_id") VALUES (2, 1);
INSERT INTO "labelled_comment" ("content_type_id", "object_id", "author_id", "text") VALUES (15, 1, 1, '') RETURNING "labelled_comment"."id";
INSERT INTO "labelled_place" ("address", "company_id") VALUES ('street 0', 1) RETURNING "labelled_place"."id";
INSERT INTO "labelled_office" ("place_ptr_id", "desks") VALUES (1, 1);
INSERT INTO "labelled_ticket" ("project_id", "title") VALUES (1, 'ticket 0') RETURNING "labelled_ticket"."id";
INSERT INTO "labelled_translation" ("product_id", "language_id", "text") VALUES (1, 1, 'en 0') RETURNING "labelled_translation"."id";
SELECT COUNT(*) AS "__count" FROM "labelled_project";
SELECT COUNT(*) AS "__count" FROM "labelled_person";
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" WHERE "labelled_person"."id" = 5 LIMIT 21;
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person";
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", "labelled_company"."id", "labelled_company"."name", "labelled_company"."country_id", "labelled_country"."id", "labelled_country"."name", "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id", T5."id", T5."name", T5."country_id", T6."id", T6."name", T7."id", T7."name", T7."boss_id", T7."company_id", T7."user_id", T8."id", T8."name", T8."country_id", T9."id", T9."name" FROM "labelled_project" INNER JOIN "labelled_company" ON ("labelled_project"."company_id" = "labelled_company"."id") INNER JOIN "labelled_country" ON ("labelled_company"."country_id" = "labelled_country"."id") INNER JOIN "labelled_person" ON ("labelled_project"."lead_id" = "labelled_person"."id") INNER JOIN "labelled_company" T5 ON ("labelled_person"."company_id" = T5."id") INNER JOIN "labelled_country" T6 ON (T5."country_id" = T6."id") INNER JOIN "labelled_person" T7 ON ("labelled_project"."deputy_id" = T7."id") INNER JOIN "labelled_company" T8 ON (T7."company_id" = T8."id") INNER JOIN "labelled_country" T9 ON (T8."country_id" = T9."id") ORDER BY "labelled_project"."id" DESC;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", "labelled_company"."id", "labelled_company"."name", "labelled_company"."country_id", "labelled_country"."id", "labelled_country"."name" FROM "labelled_project" INNER JOIN "labelled_company" ON ("labelled_project"."company_id" = "labelled_company"."id") INNER JOIN "labelled_country" ON ("labelled_company"."country_id" = "labelled_country"."id") ORDER BY "labelled_project"."id" DESC;
SELECT 1 AS "a" FROM "labelled_topic" INNER JOIN "labelled_project_topics" ON ("labelled_topic"."id" = "labelled_project_topics"."topic_id") WHERE "labelled_project_topics"."project_id" = 1 LIMIT 1;
SELECT COUNT(*) AS "__count" FROM "labelled_task" WHERE "labelled_task"."status" = 'open';
SELECT COUNT(*) AS "__count" FROM "labelled_task";
SELECT 1 AS "a" FROM "labelled_project" WHERE "labelled_project"."views" = 0 LIMIT 1;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_project" INNER JOIN "labelled_person" ON ("labelled_project"."lead_id" = "labelled_person"."id");
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE "labelled_task"."project_id" IN (1, 2, 3);
SELECT "labelled_option"."id", "labelled_option"."key", "labelled_option"."value" FROM "labelled_option" WHERE "labelled_option"."key" = 'theme' LIMIT 21;
UPDATE "labelled_person" SET "name" = CASE WHEN ("labelled_person"."id" = 1) THEN 'LEAD 0' WHEN ("labelled_person"."id" = 2) THEN 'DEPUTY 0' WHEN ("labelled_person"."id" = 3) THEN 'LEAD 1' WHEN ("labelled_person"."id" = 4) THEN 'DEPUTY 1' ELSE NULL END WHERE "labelled_person"."id" IN (1, 2, 3, 4);
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE "labelled_task"."assignee_id" IN (1, 2, 3, 4);
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" ORDER BY "labelled_task"."id" ASC LIMIT 2 OFFSET 4;
SELECT "labelled_task"."id" AS "pk" FROM "labelled_task";
DELETE FROM "labelled_task_blocked_by" WHERE ("labelled_task_blocked_by"."from_task_id" IN (1, 2, 3, 4) OR "labelled_task_blocked_by"."to_task_id" IN (1, 2, 3, 4));
DELETE FROM "labelled_comment" WHERE ("labelled_comment"."content_type_id" = 17 AND "labelled_comment"."object_id" IN (1, 2, 3, 4));
UPDATE "labelled_person" SET "name" = 'anonymous' WHERE "labelled_person"."id" IN (1, 2, 3, 4);
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_project" ORDER BY "labelled_project"."id" ASC LIMIT 1 OFFSET 1;
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task";
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_project" WHERE "labelled_project"."company_id" IN (1);
SELECT "labelled_project"."id" AS "pk" FROM "labelled_project";
SELECT COUNT(*) AS "__count" FROM "labelled_task" WHERE "labelled_task"."hours" = 0;
SELECT "labelled_language"."id", "labelled_language"."code" FROM "labelled_language" WHERE "labelled_language"."code" = 'en' LIMIT 21;
SELECT 1 AS "a" FROM "labelled_task" WHERE "labelled_task"."status" = 'open' LIMIT 1;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_project" WHERE "labelled_project"."views" >= 1;
SELECT COUNT(*) AS "__count" FROM "labelled_task" WHERE ("labelled_task"."project_id" = 1 AND "labelled_task"."status" = 'open');
SELECT COUNT(*) AS "__count" FROM "labelled_translation" WHERE "labelled_translation"."language_id" = 1;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_project" WHERE "labelled_project"."company_id" = 1;
SELECT "labelled_product"."id", "labelled_product"."name", "labelled_product"."stock", "labelled_product"."category_id" FROM "labelled_product";
SELECT "labelled_entry"."id", "labelled_entry"."text" FROM "labelled_entry" WHERE "labelled_entry"."text" = 'project 0' LIMIT 21;
SELECT "labelled_product"."id", "labelled_product"."name", "labelled_product"."stock", "labelled_product"."category_id" FROM "labelled_product" WHERE "labelled_product"."name" = 'project 0' LIMIT 21;
SELECT "labelled_project"."title" AS "title" FROM "labelled_project";
INSERT OR IGNORE INTO "labelled_option" ("key", "value") VALUES ('key 1', ''), ('key 2', ''), ('key 3', ''), ('key 4', ''), ('key 5', ''), ('key 6', '');
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE "labelled_task"."id" = 1 LIMIT 21;
UPDATE "labelled_task" SET "project_id" = 1, "assignee_id" = 1, "title" = 'changed', "notes" = '', "status" = 'open', "hours" = 1 WHERE "labelled_task"."id" = 1;
SELECT "labelled_task"."title" AS "title", "labelled_task"."assignee_id" AS "assignee" FROM "labelled_task";
SELECT 1 AS "a" FROM "labelled_company" WHERE "labelled_company"."id" = 1 LIMIT 1;
SELECT "labelled_company"."id", "labelled_company"."name", "labelled_company"."country_id", "labelled_country"."id", "labelled_country"."name" FROM "labelled_company" INNER JOIN "labelled_country" ON ("labelled_company"."country_id" = "labelled_country"."id");
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" WHERE "labelled_person"."company_id" = 1;
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" ORDER BY "labelled_person"."id" ASC;
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" INNER JOIN "labelled_membership" ON ("labelled_person"."id" = "labelled_membership"."person_id") WHERE "labelled_membership"."project_id" = 1;
SELECT 1 AS "a" FROM "labelled_task" WHERE ("labelled_task"."project_id" = 1 AND "labelled_task"."status" = 'lost') LIMIT 1;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", "labelled_company"."id", "labelled_company"."name", "labelled_company"."country_id", "labelled_country"."id", "labelled_country"."name" FROM "labelled_project" INNER JOIN "labelled_company" ON ("labelled_project"."company_id" = "labelled_company"."id") INNER JOIN "labelled_country" ON ("labelled_company"."country_id" = "labelled_country"."id");
SELECT "labelled_task"."project_id" AS "project_id" FROM "labelled_task";
SELECT "labelled_project"."title" AS "title", "labelled_project"."lead_id" AS "lead_id" FROM "labelled_project";
SELECT "labelled_person"."name" AS "name" FROM "labelled_person" WHERE "labelled_person"."id" = 1 LIMIT 21;
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE "labelled_task"."project_id" = 1 ORDER BY "labelled_task"."title" ASC LIMIT 1;
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE ("labelled_task"."project_id" = 1 AND "labelled_task"."hours" > 0) ORDER BY "labelled_task"."id" ASC LIMIT 1;
SELECT 1 AS "a" FROM "labelled_membership" WHERE ("labelled_membership"."project_id" = 1 AND "labelled_membership"."role" = 'owner') LIMIT 1;
SELECT "labelled_translation"."id", "labelled_translation"."product_id", "labelled_translation"."language_id", "labelled_translation"."text" FROM "labelled_translation" INNER JOIN "labelled_language" ON ("labelled_translation"."language_id" = "labelled_language"."id") WHERE ("labelled_language"."code" = 'de' AND "labelled_translation"."product_id" = 1) ORDER BY "labelled_translation"."id" ASC LIMIT 1;
SELECT "labelled_topic"."id", "labelled_topic"."name" FROM "labelled_topic" INNER JOIN "labelled_project_topics" ON ("labelled_topic"."id" = "labelled_project_topics"."topic_id") WHERE "labelled_project_topics"."project_id" = 1;
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE "labelled_task"."project_id" = 1 ORDER BY "labelled_task"."id" DESC LIMIT 3;
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", COUNT("labelled_task"."id") AS "count", SUM("labelled_task"."hours") AS "hours" FROM "labelled_project" LEFT OUTER JOIN "labelled_task" ON ("labelled_project"."id" = "labelled_task"."project_id") GROUP BY "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id";
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", EXISTS(SELECT 1 AS "a" FROM "labelled_membership" U0 WHERE (U0."project_id" = ("labelled_project"."id") AND U0."role" = 'owner') LIMIT 1) AS "owned" FROM "labelled_project";
SELECT "labelled_task"."id", "labelled_task"."project_id", "labelled_task"."assignee_id", "labelled_task"."title", "labelled_task"."notes", "labelled_task"."status", "labelled_task"."hours" FROM "labelled_task" WHERE ("labelled_task"."status" = 'open' AND "labelled_task"."project_id" IN (1, 2, 3));
SELECT "labelled_project"."lead_id" AS "lead_id" FROM "labelled_project";
SELECT "labelled_profile"."id", "labelled_profile"."person_id", "labelled_profile"."text" FROM "labelled_profile";
SELECT "labelled_membership"."id", "labelled_membership"."project_id", "labelled_membership"."person_id", "labelled_membership"."role" FROM "labelled_membership" WHERE "labelled_membership"."project_id" = 1;
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" WHERE "labelled_person"."boss_id" IS NOT NULL;
SELECT "labelled_comment"."id", "labelled_comment"."content_type_id", "labelled_comment"."object_id", "labelled_comment"."author_id", "labelled_comment"."text" FROM "labelled_comment" WHERE ("labelled_comment"."content_type_id" = 15 AND "labelled_comment"."object_id" = 1);
UPDATE "labelled_project" SET "lead_id" = 1;
SELECT "labelled_place"."id", "labelled_place"."address", "labelled_place"."company_id" FROM "labelled_place";
SELECT "auth_group"."id", "auth_group"."name" FROM "auth_group" INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") WHERE "auth_user_groups"."user_id" = 1;
SELECT ("labelled_membership"."project_id") AS "_prefetch_related_val_project_id", "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" INNER JOIN "labelled_membership" ON ("labelled_person"."id" = "labelled_membership"."person_id") WHERE "labelled_membership"."project_id" IN (1, 2, 3);
SELECT "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_person" WHERE ("labelled_person"."id" = 1 OR "labelled_person"."id" = 2 OR "labelled_person"."id" = 3 OR "labelled_person"."id" = 4 OR "labelled_person"."id" = 5 OR "labelled_person"."id" = 6);
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."id" = 15 LIMIT 21;
SELECT "labelled_project"."title" AS "title", "labelled_person"."name" AS "lead__name", "labelled_country"."name" AS "company__country__name" FROM "labelled_project" INNER JOIN "labelled_person" ON ("labelled_project"."lead_id" = "labelled_person"."id") INNER JOIN "labelled_company" ON ("labelled_project"."company_id" = "labelled_company"."id") INNER JOIN "labelled_country" ON ("labelled_company"."country_id" = "labelled_country"."id");
SELECT "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_project" WHERE "labelled_project"."title" = 'project 0';
SELECT "labelled_membership"."id", "labelled_membership"."project_id", "labelled_membership"."person_id", "labelled_membership"."role", "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id", "labelled_person"."id", "labelled_person"."name", "labelled_person"."boss_id", "labelled_person"."company_id", "labelled_person"."user_id" FROM "labelled_membership" INNER JOIN "labelled_project" ON ("labelled_membership"."project_id" = "labelled_project"."id") INNER JOIN "labelled_person" ON ("labelled_membership"."person_id" = "labelled_person"."id");
SELECT "labelled_category"."id", "labelled_category"."parent_id", "labelled_category"."name", "labelled_category"."path" FROM "labelled_category" WHERE "labelled_category"."id" = 3 LIMIT 21;
SELECT "labelled_category"."id", "labelled_category"."parent_id", "labelled_category"."name", "labelled_category"."path" FROM "labelled_category" WHERE "labelled_category"."name" LIKE 'leaf%' ESCAPE '\';
UPDATE "labelled_task" SET "status" = 'closed';
SELECT "labelled_ticket"."id", "labelled_ticket"."project_id", "labelled_ticket"."title", "labelled_project"."id", "labelled_project"."title", "labelled_project"."body", "labelled_project"."views", "labelled_project"."position", "labelled_project"."company_id", "labelled_project"."lead_id", "labelled_project"."deputy_id" FROM "labelled_ticket" INNER JOIN "labelled_project" ON ("labelled_ticket"."project_id" = "labelled_project"."id");
UPDATE "labelled_ticket" SET "title" = 'ticket 0' WHERE "labelled_ticket"."id" = 1;
SELECT "labelled_membership"."id", "labelled_membership"."project_id", "labelled_membership"."person_id", "labelled_membership"."role" FROM "labelled_membership";
DELETE FROM "labelled_membership" WHERE "labelled_membership"."id" IN (6, 5, 4, 3, 2, 1);
SELECT count(*) FROM labelled_task WHERE project_id = 1;
SELECT id FROM labelled_project;
SELECT name FROM labelled_person WHERE id = 1;
SELECT * FROM labelled_person WHERE id = 1;
SELECT * FROM labelled_project;
SELECT id, title FROM labelled_project;
SELECT count(*) FROM labelled_task WHERE title = 'task 0.0';
SELECT AVG("labelled_task"."hours") AS "hours__avg" FROM "labelled_task";
SELECT MAX("labelled_entry"."id") AS "pk__max" FROM "labelled_entry";
SELECT title FROM labelled_task WHERE project_id IN (1, 2, 3);
SELECT "labelled_translation"."id", "labelled_translation"."product_id", "labelled_translation"."language_id", "labelled_translation"."text" FROM "labelled_translation" WHERE "labelled_translation"."language_id" = 1;
SELECT "labelled_category"."id", "labelled_category"."parent_id", "labelled_category"."name", "labelled_category"."path" FROM "labelled_category";
SELECT "labelled_category"."id", "labelled_category"."parent_id", "labelled_category"."name", "labelled_category"."path" FROM "labelled_category" WHERE "labelled_category"."parent_id" IS NULL;
SELECT "labelled_category"."id", "labelled_category"."parent_id", "labelled_category"."name", "labelled_category"."path" FROM "labelled_category" WHERE "labelled_category"."path" LIKE '0%' ESCAPE '\';
UPDATE "labelled_invoice" SET "project_id" = 1, "month" = 1, "total" = 19 WHERE "labelled_invoice"."id" = 1;
SELECT "labelled_task"."id" FROM "labelled_task" WHERE "labelled_task"."project_id" IN (1, 2, 3);
SELECT "labelled_invoice"."id" FROM "labelled_invoice" WHERE "labelled_invoice"."project_id" IN (1, 2, 3);
DELETE FROM "labelled_invoiceline" WHERE "labelled_invoiceline"."invoice_id" IN (1, 2, 3);
DELETE FROM "labelled_project_topics" WHERE "labelled_project_topics"."project_id" IN (1, 2, 3);
DELETE FROM "labelled_ticket" WHERE "labelled_ticket"."project_id" IN (1, 2, 3);
DELETE FROM "labelled_invoice" WHERE "labelled_invoice"."id" IN (3, 2, 1);
DELETE FROM "labelled_project" WHERE "labelled_project"."id" IN (3, 2, 1);
SELECT "labelled_product"."id", "labelled_product"."name", "labelled_product"."stock", "labelled_product"."category_id" FROM "labelled_product" ORDER BY "labelled_product"."id" ASC LIMIT 2;
UPDATE "labelled_product" SET "name" = 'product 0', "stock" = 9, "category_id" = 3 WHERE "labelled_product"."id" = 1;
UPDATE "labelled_person" SET "name" = 'new', "boss_id" = NULL, "company_id" = 1, "user_id" = 1 WHERE "labelled_person"."id" = 1;
UPDATE "labelled_comment" SET "text" = 'moved' WHERE "labelled_comment"."author_id" IN (SELECT U0."id" FROM "labelled_person" U0 WHERE U0."name" LIKE 'lead%' ESCAPE '\');
DELETE FROM "labelled_project_topics" WHERE "labelled_project_topics"."project_id" = 1;
CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(255) NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL);
CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
SELECT 1;
BEGIN;
COMMIT;
SAVEPOINT "s140233101_x12";
RELEASE SAVEPOINT "s140233101_x12";
ROLLBACK TO SAVEPOINT "s140233101_x13";
SET TIME ZONE 'UTC';
SHOW search_path;
SELECT version();
SELECT id, total FROM orders WHERE customer_id = 17 AND status = 'paid' ORDER BY placed_at DESC LIMIT 20 OFFSET 40;
select o.id, o.total, c.name from orders o join customers c on c.id = o.customer_id where o.placed_at >= '2024-01-01' and o.total > 99.95;
SELECT COUNT(*) FROM orders WHERE placed_at BETWEEN '2024-03-01 00:00:00' AND '2024-03-31 23:59:59';
SELECT * FROM products WHERE name LIKE '%lamp%' AND price < 25.5 OR stock = 0;
SELECT DISTINCT country FROM addresses WHERE zip IN ('10115', '10117', '10119', '10178', '10179');
INSERT INTO orders (customer_id, status, total, placed_at) VALUES (17, 'new', 12.50, '2024-05-01 12:00:00');
INSERT INTO order_lines (order_id, product_id, quantity) VALUES (1, 2, 3), (1, 5, 1), (1, 8, 2), (1, 13, 4), (1, 21, 1);
INSERT INTO archive (id, payload) SELECT id, payload FROM events WHERE created < '2020-01-01';
UPDATE products SET stock = stock - 1, changed_at = CURRENT_TIMESTAMP WHERE id = 4711 AND stock > 0;
DELETE FROM sessions WHERE expires_at < 1714560000;
DELETE FROM carts WHERE id IN (SELECT cart_id FROM cart_items GROUP BY cart_id HAVING COUNT(*) = 0);
SELECT c.name, (SELECT MAX(o.total) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status <> 'void');
SELECT p.id, p.name, SUM(l.quantity * p.price) AS revenue FROM products p LEFT JOIN order_lines l ON l.product_id = p.id GROUP BY p.id, p.name HAVING SUM(l.quantity * p.price) > 1000 ORDER BY revenue DESC;
SELECT CASE WHEN total < 10 THEN 'small' WHEN total < 100 THEN 'medium' ELSE 'large' END AS size, COUNT(*) FROM orders GROUP BY 1;
SELECT id FROM a WHERE x = -2 UNION ALL SELECT id FROM b WHERE x = +3.5e-2 UNION SELECT id FROM c WHERE x = 0xFF;
SELECT NULLIF(TRIM(BOTH ' ' FROM name), '') AS name, COALESCE(phone, mobile, 'none') FROM people WHERE born > DATE '1990-06-15';
CREATE TABLE audit (id bigint PRIMARY KEY, actor varchar(80) NOT NULL, action text DEFAULT 'none', at timestamp with time zone NOT NULL);
CREATE UNIQUE INDEX orders_number ON orders (year, number) WHERE status <> 'draft';
ALTER TABLE customers ADD COLUMN loyalty integer NOT NULL DEFAULT 0;
DROP TABLE IF EXISTS tmp_import;
GRANT SELECT, INSERT ON orders TO reporting;
/* traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01' */ SELECT name FROM users WHERE id = 99;
SELECT name FROM users WHERE id = 99 /*application='shop',controller='orders',framework='django%3A5.2'*/;
-- the page of a customer
SELECT id, name FROM customers WHERE email = 'someone@example.org' -- unique
;
SELECT
    o.id,
    o.total,
    ROW_NUMBER() OVER (PARTITION BY o.customer_id ORDER BY o.placed_at DESC) AS rank,
    SUM(o.total) OVER (PARTITION BY o.customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
FROM orders AS o
WHERE o.status IN ('paid', 'sent')
  AND o.placed_at > '2023-12-31'
ORDER BY o.customer_id, rank;
WITH RECURSIVE tree (id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, c.parent_id, t.depth + 1 FROM categories c JOIN tree t ON c.parent_id = t.id WHERE t.depth < 10
)
SELECT t.depth, COUNT(*) AS nodes FROM tree t GROUP BY t.depth ORDER BY t.depth;
WITH monthly AS (
    SELECT customer_id, EXTRACT(YEAR FROM placed_at) AS year, EXTRACT(MONTH FROM placed_at) AS month, SUM(total) AS total
    FROM orders
    WHERE status = 'paid' AND placed_at >= '2022-01-01'
    GROUP BY customer_id, EXTRACT(YEAR FROM placed_at), EXTRACT(MONTH FROM placed_at)
), ranked AS (
    SELECT m.*, RANK() OVER (PARTITION BY year, month ORDER BY total DESC) AS place FROM monthly m
)
SELECT r.year, r.month, c.name, r.total
FROM ranked r
INNER JOIN customers c ON c.id = r.customer_id
WHERE r.place <= 3 AND c.country NOT IN ('XX', 'YY', 'ZZ')
ORDER BY r.year DESC, r.month DESC, r.place;
SELECT i_item_id, i_item_desc, s_state, COUNT(ss_quantity) AS quantity, AVG(ss_quantity) AS average, STDDEV_SAMP(ss_quantity) / AVG(ss_quantity) AS cov
FROM store_sales, store_returns, date_dim d1, date_dim d2, store, item
WHERE d1.d_quarter_name = '2001Q1'
  AND d1.d_date_sk = ss_sold_date_sk
  AND i_item_sk = ss_item_sk
  AND s_store_sk = ss_store_sk
  AND ss_customer_sk = sr_customer_sk
  AND sr_returned_date_sk = d2.d_date_sk
  AND d2.d_quarter_name IN ('2001Q1', '2001Q2', '2001Q3')
GROUP BY i_item_id, i_item_desc, s_state
ORDER BY i_item_id, i_item_desc, s_state
LIMIT 100;
SELECT id, data->>'name' AS name, data #>> '{address,city}' AS city FROM people WHERE data @> '{"active": true}'::jsonb AND data ? 'email';
SELECT id FROM documents WHERE tags && ARRAY['a', 'b', 'c']::text[] AND body @@ to_tsquery('english', 'fast & lexer');
SELECT * FROM generate_series(1, 100, 5) AS g(n) WHERE n % 3 = 0;
SELECT $1::uuid, $2::int4, "user"."id" FROM "user" WHERE "user"."id" = ANY($3) AND created_at > now() - interval '7 days';
SELECT a[1], a[2:3], a[:n] FROM matrices WHERE a[1][2] = 5;
INSERT INTO counters (name, value) VALUES ('hits', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + EXCLUDED.value RETURNING value;
CREATE FUNCTION add(a integer, b integer) RETURNS integer AS $body$ SELECT a + b $body$ LANGUAGE sql;
SELECT E'it\'s' AS escaped, U&'d\0061t' AS unicode, B'1010' AS bits, 'it''s' AS doubled, $$dollar$$ AS dollar;
DECLARE page NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM orders WHERE total > 10;
FETCH FORWARD 100 FROM "page";
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders WHERE customer_id = 5 FETCH FIRST 10 ROWS ONLY;
SELECT lower(email), count(*) FILTER (WHERE verified) FROM accounts GROUP BY lower(email) HAVING count(*) > 1;
SELECT x.id FROM a x JOIN LATERAL (SELECT id FROM b WHERE b.a_id = x.id ORDER BY b.at DESC LIMIT 1) y ON true WHERE x.kind = 'k';
SELECT `id`, `name` FROM `customers` WHERE `email` = 'a@b.example' LIMIT 10, 20;
INSERT INTO `film_actor` (`actor_id`, `film_id`, `updated`) VALUES (1,1,'2006-02-15 10:05:03'),(1,23,'2006-02-15 10:05:03'),(1,25,'2006-02-15 10:05:03'),(1,106,'2006-02-15 10:05:03'),(1,140,'2006-02-15 10:05:03'),(1,166,'2006-02-15 10:05:03'),(1,277,'2006-02-15 10:05:03'),(1,361,'2006-02-15 10:05:03'),(1,438,'2006-02-15 10:05:03'),(1,499,'2006-02-15 10:05:03'),(1,506,'2006-02-15 10:05:03'),(1,509,'2006-02-15 10:05:03');
REPLACE INTO `cache` SET `key` = 'k:1', `value` = x'DEADBEEF', `expires` = 1714560000;
UPDATE `orders` AS o INNER JOIN `customers` AS c USING (`customer_id`) SET o.`note` = CONCAT(c.`name`, ': ', 'late') WHERE o.`due` < NOW() - INTERVAL 30 DAY;
SELECT /*!40001 SQL_NO_CACHE */ * FROM `dump`;
SELECT SQL_CALC_FOUND_ROWS t.* FROM t FORCE INDEX (idx_a) WHERE a <=> NULL AND b REGEXP '^[a-z]+$';
INSERT INTO stats (day, hits) VALUES ('2024-05-01', 10) ON DUPLICATE KEY UPDATE hits = hits + VALUES(hits);
SET @total := 0, NAMES utf8mb4;
SELECT [Order Details].[OrderID], [Products].[Name] FROM [Order Details] INNER JOIN [Products] ON [Products].[ID] = [Order Details].[ProductID] WHERE [Order Details].[Quantity] > @p1;
SELECT TOP 10 u.id, u.name FROM dbo.users AS u WITH (NOLOCK) WHERE u.name LIKE N'M%' ORDER BY u.id OFFSET 20 ROWS FETCH NEXT 10 ROWS ONLY;
EXEC sp_executesql N'SELECT * FROM t WHERE id = @id', N'@id int', @id = 5;
SELECT * FROM (SELECT a.*, ROWNUM AS rn FROM (SELECT id, name FROM employees ORDER BY id) a WHERE ROWNUM <= :hi) WHERE rn > :lo;
MERGE INTO target t USING source s ON (t.id = s.id) WHEN MATCHED THEN UPDATE SET t.v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v);
SELECT q'[it's]' FROM dual WHERE created > TO_DATE('2024-05-01', 'YYYY-MM-DD') AND id = :id;
INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?);
SELECT id FROM t WHERE a = %s AND b IN (%s, %s, %s) AND c LIKE %s ESCAPE '!' LIMIT 21;
SELECT id FROM t WHERE a = %(a)s AND b = :b AND c = ?;
SELECT id FROM t WHERE id = 1 OR id = 2 OR id = 3 OR id = 4 OR id = 5 OR id = 6 OR id = 7 OR id = 8;
SELECT id FROM t WHERE (a, b) IN ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12));
SELECT ((((a + 1) * 2) - 3) / 4) % 5 FROM t WHERE NOT (((a)) = ((1)));
SELECT id, 'Ünïcödé — текст — 文字' AS note FROM "größe" WHERE straße = 'Hauptstraße 1';
SELECT id FROM t WHERE id IN (101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150);
INSERT INTO notes (id, text) VALUES (1, 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.');
