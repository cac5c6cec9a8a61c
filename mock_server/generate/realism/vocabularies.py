"""
Vocabularies: small tables of what things of a kind are called, and what is said of them.

`KINDS` has rows like those of `tables.TEXT`, with the words of each kind in `WORDS`. `NAMES` has names by the noun of
what is named, `SENTENCES` sentences by their kind, with a place for the noun that they are about.

Sources: lists of values that the systems named in the comments document; everything else was written for this table.
Change the tables, not the code.
"""

from typing import Final

# Names of properties whose texts are words of a small vocabulary. Where one is in `tables.TEXT` as well, this wins.
KINDS: Final = """
tag: tag, keyword, hashtag, label name
category: category, genre, topic, category name, item category, product category, section, theme
color: color, colour, color name
file_extension: file type, file extension, extension
url: issuer, iss, auth issuer, jwks uri, authorization server, callback url
domain: server address, host address, dns name
version: sdk version
subscriber_number: subscriber, subscriber number
city: location, place, hometown, birthplace, origin city, destination city
api_version: api version
size_name: size, shirt size, clothing size
breed: breed, dog breed
species: species, animal
food: food, dish, meal, favorite food, ingredient, cuisine
degree: degree, college degree, qualification, diploma
skill: skill, interest, hobby, expertise
sport: sport, game
material: material, fabric
role: role, roles, member role, user role, user type, position name
group_name: group, groups, user group, audience, cohort, segment
department: department, team, division, business unit, org unit, cost center
unit: unit, units, uom, unit of measure, measurement unit
plan_name: plan, tier, subscription plan, pricing plan, license type, edition, package
priority: priority, severity, urgency, importance
mode: mode, strategy, policy, method name, behavior, scheme, variant, style
type: type, kind name, sub type, subtype, classification
class_name: class, class name, collection, collection name, kind, object kind, resource kind, type name, entity, \
    entity type, \
    resource type, object type, model class
field_name: field, field name, column, column name, attribute name, attribute, property, property name, results field, \
    feature name, sort by, order by, variable, metric, metric name
namespace: namespace, volume namespace, tenant name, workspace slug, database, database name, schema name, keyspace
node: node, node name, source node, target node, worker, instance name, machine, cluster name, cluster, server
bucket: bucket, bucket name, storage container, volume name, queue, queue name, repository, repo, index name
index: index, shard, partition, alias name, alias
service: service, service name, service account, app, application name, app name, client name, consumer, issuer name, \
    agent, device class name, \
    storage class name, ingress class name, priority class name, runtime class name, source
architecture: architecture, arch, cpu architecture
os: os, operating system, os name, platform, os type
file_system: fs type, filesystem, file system, filesystem type
hash_algorithm: algorithm, hash algorithm, signature algorithm, checksum type, digest type, signing algorithm
comparison: operator, comparator, op, condition operator
variable: env var, environment variable, env vars
command: command, cmd, args, argument, arguments, entrypoint, flags
pattern: pattern, glob, regex, regexp, wildcard
query: query, search query, search term, q, search, search text, value text
expression: expression, filter, formula, condition, rule, selector, cel
mcc: mcc, merchant category code
sort_code: sort code, bank sort code
routing_number: routing number, routing code, aba, bank code, branch code
bank: bank, bank name, issuing bank, issuer bank, card issuer
company_type: company type, legal form, business type, entity form
payment_method: payment method, payment type, pay method, payment method type
entry_mode: entry mode, pos entry mode, read method
masked: display secret key, masked key, masked secret, obfuscated key, masked card number, display key, redacted key
last_four: last4, last four, card last four
certificate: certificate, cert, ca cert, ca certificate, client certificate, tls cert, pem, x509
html: html, html description, html content, html body, markup, embed html, embed code
dimensions: dimensions, resolution, aspect
room: room, meeting room, hall, room name
license: license, licence, license name, licence name
browser: browser, browser name
image_name: image name, docker image, container image
reference_code: merchant reference, shopper reference, customer reference, external reference, client reference, \
    payment reference, booking reference, confirmation code, voucher, voucher code, coupon, coupon code, promo code
discriminator: discriminator
message: message, last message, status message, notification, announcement
comment: comment, comments, note, notes, remark, remarks, feedback, review, answer, reply, response text
reason: reason, cause, status reason, justification, motive, cancellation reason
error_message: error, error message, last error, warning, error description, error detail, error details, \
    failure reason, \
    failure message, exception, problem, issue
sentence: caption, headline, tagline, hint, detail, subtitle, tooltip, status text, purpose
paragraph: description, summary, content, text, body, details, synopsis, overview, instructions, directions, abstract, \
    explanation
bio: bio, biography, about, about me, profile description
log_line: log, log line, log message, output, stdout, stderr, trace line
terms: terms text, terms and conditions text, disclaimer, legal text, terms of service text
title: title, subject, heading, label, post title, article title, topic title
"""

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "api_version": ("v1", "v2", "v3", "v1", "v1", "v2"),
    "error_type": ("validation_error", "not_found", "timeout", "rate_limit_exceeded", "internal_error", "unauthorized"),
    "file_extension": ("pdf", "jpg", "png", "docx", "csv", "txt"),
    "response_type": ("success", "info"),
    "plain": ("default", "standard", "primary", "basic", "general", "custom", "main", "shared", "internal", "external"),
    "tag": ("new", "popular", "featured", "sale", "summer", "outdoor", "family", "music", "travel", "design", "health",
            "technology", "science", "kids", "vintage", "organic", "limited", "bestseller", "handmade", "gift"),
    "category": ("Electronics", "Books", "Home & Garden", "Clothing", "Sports", "Toys", "Music", "Groceries", "Beauty",
                 "Health", "Travel", "Education", "Furniture", "Automotive", "Office"),
    "color": ("red", "blue", "green", "black", "white", "yellow", "orange", "purple", "pink", "brown", "gray", "navy",
              "teal", "silver", "beige"),
    "size_name": ("S", "M", "L", "XL", "XS"),
    "breed": ("Labrador Retriever", "Beagle", "German Shepherd", "Poodle", "Border Collie", "Dachshund", "Boxer",
              "Golden Retriever", "Siamese", "Maine Coon", "Persian", "British Shorthair"),
    "species": ("dog", "cat", "rabbit", "horse", "goldfish", "Atlantic salmon", "parrot", "hamster"),
    "food": ("pizza", "pasta", "rice", "salad", "soup", "tomato", "chicken", "cheese", "bread", "apple", "sushi",
             "fish"),
    "degree": ("Bachelor of Science", "Master of Arts", "PhD", "Bachelor of Arts", "Master of Business Administration",
               "Master of Science", "Associate degree"),
    "skill": ("Python", "project management", "graphic design", "public speaking", "data analysis", "photography",
              "cooking", "hiking"),
    "sport": ("football", "tennis", "basketball", "swimming", "ice hockey", "cycling", "volleyball", "running"),
    "material": ("steel", "wood", "glass", "cotton", "leather", "aluminum", "wool", "ceramic"),
    "role": ("admin", "editor", "viewer", "member", "owner", "guest"),
    "group_name": ("engineering", "admins", "staff", "support", "partners", "beta-testers"),
    "department": ("Sales", "Support", "Engineering", "Finance", "Marketing", "Human Resources", "Legal", "Operations"),
    "unit": ("seconds", "bytes", "requests", "tokens", "hours", "kg", "pieces"),
    "plan_name": ("free", "basic", "standard", "premium", "enterprise"),
    "priority": ("low", "medium", "high"),
    "mode": ("auto", "manual", "standard", "default"),
    "type": ("standard", "default", "basic", "custom"),
    "class_name": ("Article", "Product", "Document", "Order", "Customer", "Review", "Project", "Invoice"),
    "field_name": ("created_at", "status", "category", "price", "title", "country", "score", "updated_at"),
    "namespace": ("default", "production", "staging", "monitoring", "analytics", "billing"),
    "node": ("node-1", "node-2", "node-3", "worker-01", "worker-02", "worker-03", "edge-01", "edge-02"),
    "bucket": ("media-assets", "user-uploads", "backups", "reports", "app-data", "invoices", "thumbnails", "exports"),
    "index": ("products-v2", "orders-2026", "logs-2026.05", "customers-v1", "events-2026", "metrics-main"),
    "service": ("billing-service", "web-frontend", "auth-service", "search-api", "mobile-app", "data-importer",
                "notification-worker", "report-builder"),
    # `GOARCH` and `GOOS` of Go, as Docker's images have them
    "architecture": ("amd64", "arm64", "arm", "ppc64le", "s390x"),
    "os": ("linux", "windows", "darwin", "android", "ios"),
    "file_system": ("ext4", "xfs", "ntfs", "btrfs"),
    "hash_algorithm": ("SHA-256", "SHA-512", "SHA-1", "MD5"),
    "comparison": ("=", "!=", ">", "<", ">=", "contains", "in"),
    "variable": ("LOG_LEVEL=info", "PORT=8080", "NODE_ENV=production", "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin",
                 "CACHE_TTL=300"),
    "command": ("/bin/sh", "-c", "--verbose", "--port=8080", "serve", "--config=/etc/app/config.yaml"),
    "pattern": ("*.example.com", "report-*", "error*", "user-??", "*.csv"),
    "query": ("wireless headphones", "open invoices", "annual report", "status page", "blue jacket", "release notes"),
    "expression": ('status == "active"', "amount > 100", 'country == "FI"', "size < 1000", 'device.type == "sensor"'),
    # ISO 18245: groceries, restaurants, electronics, department stores, hotels, books
    "mcc": ("5411", "5812", "5732", "5311", "7011", "5942"),
    "bank": ("First National Bank", "Nordea Bank", "Deutsche Bank", "Bank of America", "Barclays Bank", "Starling Bank",
             "Santander Bank", "Credit Union West"),
    "company_type": ("LLC", "Limited", "Corporation", "Partnership", "GmbH", "Nonprofit"),
    "payment_method": ("card", "bank_transfer", "paypal", "invoice", "apple_pay", "cash"),
    "entry_mode": ("contactless", "chip", "swipe", "manual"),
    "dimensions": ("1920x1080", "1280x720", "800x600", "1024x768", "640x480"),
    "room": ("Main Hall", "Conference Room", "Library", "Auditorium", "Meeting Room 2", "Gallery", "Lobby", "Studio B"),
    # SPDX License List
    "license": ("MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-only", "MPL-2.0", "CC-BY-4.0"),
    "browser": ("Firefox", "Chrome", "Safari", "Edge"),
    "image_name": ("nginx:1.27", "redis:7", "postgres:16", "python:3.12-slim", "node:22-alpine"),
}  # fmt: skip

PATTERNS: Final = {
    "sort_code": "######", "routing_number": "%########", "last_four": "####", "discriminator": "%###",
    "subscriber_number": "%######",
    "masked": "sk-...^^^^", "reference_code": "???-######",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB" + "?#^?" * 15 + "\n" + "^?#?" * 16 + "\n" + "?^#?" * 15 + "==\n"
                   "-----END CERTIFICATE-----\n",
}  # fmt: skip

# What is called by a name of its own, by its noun.
_PETS: Final = ("Bella", "Max", "Luna", "Charlie", "Milo", "Daisy", "Rocky", "Coco", "Oscar", "Ruby", "Leo", "Nala",
                "Simba", "Willow", "Toby", "Molly")  # fmt: skip
_SONGS: Final = ("Midnight Train", "Golden Hour", "Paper Boats", "Northern Lights", "Slow Motion", "City of Rain",
                 "Homeward", "Electric Sky", "Wildflowers", "Echoes", "Last Summer", "Silver Lining", "Ocean Drive",
                 "Falling Leaves", "Firefly", "Second Chance")  # fmt: skip
_BOOKS: Final = ("The Quiet Harbor", "A Winter's Letter", "Beyond the Orchard", "The Glass Lighthouse",
                 "Small Kingdoms",
                 "The Last Cartographer", "Rivers of Stone", "The Clockmaker's Daughter", "Salt and Cedar",
                 "An Island Apart")  # fmt: skip
_TALKS: Final = ("Getting Started", "Behind the Scenes", "The Road Ahead", "Questions and Answers", "A New Beginning",
                 "Lessons Learned", "The Big Picture", "Meet the Team", "Year in Review", "Under the Hood")  # fmt: skip
_EVENTS: Final = ("Summer Workshop", "Annual Conference", "Spring Festival", "Product Launch", "Open House",
                  "Charity Run", "Gallery Night", "Team Retreat", "Winter Concert", "Museum Tour", "Design Meetup",
                  "Science Fair")  # fmt: skip
_FOLDERS: Final = ("Contracts", "Invoices", "Marketing", "Reports", "Photos", "Projects", "Archive", "Templates")
_DESIGNS: Final = ("Primary Button", "Navigation Bar", "Card", "Avatar", "Modal Dialog", "Text Field", "Icon Set",
                   "Dropdown Menu", "Tooltip", "Tab Bar")  # fmt: skip
_LINKS: Final = ("Documentation", "Getting Started", "API Reference", "Status Page", "Support", "Changelog")
_PROMPTS: Final = ("summarize-article", "classify-ticket", "draft-reply", "extract-entities", "translate-text",
                   "rewrite-title")  # fmt: skip
_CAUSES: Final = ("Clean Water", "Education for All", "Ocean Protection", "Wildlife Rescue", "Disaster Relief",
                  "Children's Health")  # fmt: skip
_CHECKS: Final = ("AddressCheck", "CardVelocity", "DeviceReputation", "EmailAge", "GeoLocation", "BinCountry")
_MODELS: Final = ("gpt-4o-mini", "claude-sonnet-4", "gemini-2.0-flash", "text-embedding-3-small", "llama-3.1-8b",
                  "mistral-large")  # fmt: skip
# Names in `man 2 getrlimit`
_LIMITS: Final = ("nofile", "nproc", "memlock", "core", "stack", "fsize")
_PROJECTS: Final = ("Atlas", "Website Redesign", "Mobile App", "Data Migration", "Customer Portal", "Billing Revamp",
                    "Onboarding", "Search Upgrade")  # fmt: skip
_TEAMS: Final = ("Engineering", "Marketing", "Customer Success", "Design", "Finance", "Platform", "Sales", "Operations")
_BANKS: Final = WORDS["bank"]

NAMES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("pet", "dog", "cat", "animal", "puppy", "kitten"), _PETS),
    **dict.fromkeys(("tag", "keyword", "label", "hashtag"), WORDS["tag"]),
    **dict.fromkeys(("category", "genre", "topic"), WORDS["category"]),
    **dict.fromkeys(("song", "track", "album", "single"), _SONGS),
    **dict.fromkeys(("book", "audiobook", "movie", "film", "novel", "chapter"), _BOOKS),
    **dict.fromkeys(("episode", "show", "podcast", "video", "series", "lesson", "course", "lecture"), _TALKS),
    "playlist": ("Morning Coffee", "Road Trip", "Deep Focus", "Workout Mix", "Rainy Day", "Party Hits", "Indie Gems",
                 "Sunday Jazz"),
    **dict.fromkeys(("event", "special event", "meeting", "exhibition", "scheduled event", "activity"), _EVENTS),
    **dict.fromkeys(("folder", "directory", "list"), _FOLDERS),
    **dict.fromkeys(("component", "component set", "style", "frame", "state group", "layer"), _DESIGNS),
    "link": _LINKS, "resource group": _LINKS, "prompt": _PROMPTS, "trace": _PROMPTS, "cause": _CAUSES,
    "fraud result": _CHECKS, "fraud check result": _CHECKS, "risk check": _CHECKS, "check": _CHECKS, "model": _MODELS,
    "ulimit": _LIMITS, "bank": _BANKS,
    **dict.fromkeys(("project", "campaign", "initiative", "board"), _PROJECTS),
    **dict.fromkeys(("team", "department", "workspace", "division", "guild", "community"), _TEAMS),
    **{noun: WORDS[noun] for noun in ("role", "namespace", "node", "bucket", "service", "color", "breed", "species",
                                      "skill", "sport", "room", "plan_name", "license", "browser", "index")},
    **dict.fromkeys(("collection", "class", "type", "kind"), WORDS["class_name"]),
    **dict.fromkeys(("volume", "container", "queue", "repository", "storage", "mount"), WORDS["bucket"]),
    **dict.fromkeys(("field", "column", "attribute", "property", "feature", "metric"), WORDS["field_name"]),
    **dict.fromkeys(("host", "server", "worker", "instance", "machine", "cluster"), WORDS["node"]),
    **dict.fromkeys(("application", "app", "function", "pod", "deployment", "job", "device class"), WORDS["service"]),
    "device": ("sensor-12", "sensor-7", "gateway-2", "camera-3", "thermostat-5"),
    "database": WORDS["namespace"], "user group": ("Administrators", "Staff", "Partners", "Beta Testers", "Reviewers"),
    "provider": ("Acme Cloud", "Northwind", "Globex", "Initech", "Umbrella Hosting"),
    "museum": ("City Museum", "Museum of Modern Art", "Maritime Museum", "Natural History Museum"),
    "hotel": ("Grand Hotel", "Harbor Inn", "Park Plaza", "Hotel Central"),
    "restaurant": ("The Olive Tree", "Casa Luna", "Blue Door Bistro", "Golden Wok"),
    "policy": ("Data Retention Policy", "Password Policy", "Travel Policy", "Access Policy"),
    "template": ("Welcome Email", "Invoice Template", "Project Brief", "Weekly Report"),
    "template key": ("marketingCollateral", "customerInfo", "contractTerms"),
    "file": ("Contract.pdf", "report-2026.xlsx", "presentation.pptx", "notes.txt", "photo-041.jpg", "invoice-1284.pdf"),
    "document": ("Contract.pdf", "Annual Report.docx", "Meeting Notes.docx", "Budget 2026.xlsx"),
    "photo": ("IMG_2041.jpg", "IMG_2107.jpg", "sunset.jpg", "team-photo.jpg"),
}  # fmt: skip
# What tells one thing of a kind from another, where the kind has no names of its own.
QUALIFIERS: Final = ("Primary", "Default", "Main", "Shared", "Internal", "Regional", "Backup", "Standard", "Weekly",
                     "Quarterly", "Public", "Custom", "Legacy", "Pilot", "Central", "Seasonal")  # fmt: skip
STATION_WORDS: Final = (
    "Central Station",
    "North Station",
    "Airport",
    "Harbour",
    "East Station",
    "Junction",
    "Terminal",
)

SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "message": (
        "Your request has been received.", "The {noun} was saved successfully.", "Changes have been saved.",
        "The {noun} has been updated.", "Your {noun} is ready.", "Thank you, we will get back to you shortly.",
        "The operation was completed successfully.", "The {noun} was created.",
    ),
    "comment": (
        "Looks good to me, thanks!", "Could you check the numbers on page two?", "Please call before delivery.",
        "I updated the {noun} this morning.", "Great work on this {noun}.", "This needs one more review before Friday.",
        "The customer asked for a change here.", "Thanks for the quick reply.",
        "Let us discuss this in the next meeting.",
        "Everything arrived on time.",
    ),
    "reason": (
        "Requested by the customer.", "The {noun} is no longer needed.", "Scheduled maintenance.",
        "Duplicate of an earlier {noun}.", "Missing information.", "Changed by an administrator.",
        "The limit was reached.",
    ),
    "error_message": (
        "The request could not be processed.", "A required value is missing.", "The {noun} could not be found.",
        "The connection timed out after 30 seconds.", "You do not have permission to change this {noun}.",
        "The value is not in the expected format.",
    ),
    "sentence": (
        "Everything about this {noun} at a glance.", "The {noun} for the whole team.", "A closer look at the {noun}.",
        "Made for everyday use.", "An easy way to get started with this {noun}.",
    ),
    "paragraph": (
        "{A} {noun} for everyday use by the whole team.", "This {noun} replaces the one from last year.",
        "{A} {noun} for new customers. It can be changed at any time.", "The main {noun} of the northern region.",
        "This {noun} was set up for the spring campaign.", "{A} {noun} with the settings that most people need.",
        "Used by the support team. Please keep this {noun} up to date.", "{A} {noun} that is shared with partners.",
        "A short guide to this {noun}, written for new members.", "{A} {noun} for testing before the next release.",
    ),
    "bio": (
        "Product designer based in Helsinki. Coffee, cats and long walks.",
        "Writes about travel, food and small towns.",
        "Software engineer, father of two, amateur photographer.", "Helping small teams do great work since 2012.",
        "Music lover and weekend cyclist.", "Teacher by day, gardener by heart.",
    ),
    "log_line": (
        "2026-05-30T08:14:02Z INFO server started on port 8080", "2026-05-30T08:14:09Z INFO connected to the database",
        "2026-05-30T08:15:47Z WARN retrying the request (attempt 2)",
        "2026-05-30T08:16:03Z DEBUG cache refreshed in 34 ms",
        "2026-05-30T08:20:11Z ERROR connection to upstream timed out",
    ),
    "terms": (
        "By using this service, you agree to these terms and conditions.",
        "Use of the service is subject to the following conditions.",
        "These terms apply from the day of your first use.",
    ),
    "title": (
        "Getting Started with Your {Noun}", "Five Tips for a Better {Noun}", "What Is New This Month",
        "The Story So Far",
        "How We Improved Our {Noun}", "A Beginner's Guide to Home Cooking", "Notes from the Annual Meeting",
        "Why Small Teams Work Well", "Ten Places to Visit in Autumn", "Planning the Next Release",
    ),
    "html": (
        "<p>{A} {noun} for everyday use by the whole team.</p>",
        "<p>The main <strong>{noun}</strong> of the region.</p>",
        "<p>This {noun} was updated for the spring campaign.</p>", "<p>A short guide to this {noun}.</p>",
    ),
}  # fmt: skip
# Nouns that a sentence had better not be about: the name of a wrapper, or of a part of speech.
EMPTY_NOUNS: Final = frozenset(
    ("response", "result", "data", "object", "item", "value", "payload", "body", "info", "detail", "error", "meta",
     "metadata", "attribute", "field", "property", "type", "base", "full", "simple", "valid", "entry", "record", "html",
     "problem", "status", "text", "message", "note", "list", "x", "thing", "create", "update", "get", "list item")
)  # fmt: skip
