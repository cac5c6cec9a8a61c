"""Facts that make values believable and that Faker does not know: cities with their coordinates, sockets, devices."""

# Cities by country where Faker's own list is short: name, latitude, longitude, state, first digits of its postcodes.
CITIES: dict[str, tuple[tuple[str, float, float, str, str], ...]] = {
    "FI": (
        ("Helsinki", 60.1699, 24.9384, "Uusimaa", "00"), ("Espoo", 60.2055, 24.6559, "Uusimaa", "02"),
        ("Vantaa", 60.2934, 25.0378, "Uusimaa", "01"), ("Tampere", 61.4978, 23.7610, "Pirkanmaa", "33"),
        ("Turku", 60.4518, 22.2666, "Varsinais-Suomi", "20"), ("Oulu", 65.0121, 25.4651, "Pohjois-Pohjanmaa", "90"),
        ("Jyväskylä", 62.2426, 25.7473, "Keski-Suomi", "40"), ("Lahti", 60.9827, 25.6615, "Päijät-Häme", "15"),
        ("Kuopio", 62.8924, 27.6770, "Pohjois-Savo", "70"), ("Pori", 61.4851, 21.7974, "Satakunta", "28"),
        ("Vaasa", 63.0951, 21.6165, "Pohjanmaa", "65"), ("Rovaniemi", 66.5039, 25.7294, "Lappi", "96"),
        ("Joensuu", 62.6010, 29.7636, "Pohjois-Karjala", "80"), ("Lappeenranta", 61.0587, 28.1887, "Etelä-Karjala", "53"),
    ),
    "SE": (
        ("Stockholm", 59.3293, 18.0686, "Stockholm", "11"), ("Göteborg", 57.7089, 11.9746, "Västra Götaland", "41"),
        ("Malmö", 55.6050, 13.0038, "Skåne", "21"), ("Uppsala", 59.8586, 17.6389, "Uppsala", "75"),
        ("Umeå", 63.8258, 20.2630, "Västerbotten", "90"), ("Linköping", 58.4108, 15.6214, "Östergötland", "58"),
    ),
    "NO": (
        ("Oslo", 59.9139, 10.7522, "Oslo", "01"), ("Bergen", 60.3913, 5.3221, "Vestland", "50"),
        ("Trondheim", 63.4305, 10.3951, "Trøndelag", "70"), ("Stavanger", 58.9700, 5.7331, "Rogaland", "40"),
    ),
    "DK": (
        ("København", 55.6761, 12.5683, "Hovedstaden", "21"), ("Aarhus", 56.1629, 10.2039, "Midtjylland", "80"),
        ("Odense", 55.4038, 10.4024, "Syddanmark", "50"), ("Aalborg", 57.0488, 9.9217, "Nordjylland", "90"),
    ),
    "EE": (
        ("Tallinn", 59.4370, 24.7536, "Harju", "10"), ("Tartu", 58.3776, 26.7290, "Tartu", "50"),
        ("Pärnu", 58.3859, 24.4971, "Pärnu", "80"), ("Narva", 59.3797, 28.1791, "Ida-Viru", "20"),
    ),
    "CH": (
        ("Zürich", 47.3769, 8.5417, "ZH", "80"), ("Genève", 46.2044, 6.1432, "GE", "12"), ("Bern", 46.9480, 7.4474, "BE", "30"),
        ("Basel", 47.5596, 7.5886, "BS", "40"), ("Lausanne", 46.5197, 6.6323, "VD", "10"),
    ),
    "AT": (
        ("Wien", 48.2082, 16.3738, "Wien", "10"), ("Graz", 47.0707, 15.4395, "Steiermark", "80"),
        ("Linz", 48.3069, 14.2858, "Oberösterreich", "40"), ("Salzburg", 47.8095, 13.0550, "Salzburg", "50"),
    ),
}  # fmt: skip

# Sockets of charging stations: type, format, power type, volts, amperes, watts, phase rotation.
# Watts are volts times amperes, times three phases of 230 V where there are three.
SOCKETS: tuple[tuple[str, str, str, int, int, int, str], ...] = (
    ("Type2", "SOCKET", "AC_3_PHASE", 400, 32, 22000, "RST"),
    ("Type2", "SOCKET", "AC_3_PHASE", 400, 16, 11000, "RST"),
    ("Type2", "CABLE", "AC_3_PHASE", 400, 32, 22000, "STR"),
    ("Type2", "SOCKET", "AC_1_PHASE", 230, 16, 3680, "R"),
    ("Type2", "CABLE", "AC_1_PHASE", 230, 32, 7360, "S"),
    ("CCS", "CABLE", "DC", 500, 100, 50000, "RST"),
    ("CCS", "CABLE", "DC", 920, 163, 150000, "RST"),
    ("CHAdeMO", "CABLE", "DC", 500, 100, 50000, "RST"),
)

# Charging stations: manufacturer, model, firmware, energy meter.
STATIONS: tuple[tuple[str, str, str, str], ...] = (
    ("Alfen", "Eve Double Pro-line", "6.5.2", "Eastron SDM630"),
    ("Ensto", "Chago Pro", "1.18.4", "Garo GNM3D"),
    ("Kempower", "C-Station", "3.2.1", "Carlo Gavazzi EM340"),
    ("ABB", "Terra AC W22", "1.8.32", "ABB B23"),
    ("Zaptec", "Pro", "2.4.1", "Zaptec MID"),
    ("Easee", "Charge", "329", "Easee internal"),
    ("Wallbox", "Commander 2", "5.17.56", "Carlo Gavazzi EM112"),
    ("Garo", "Entity Pro", "21.3.0", "Garo GNM1D"),
)

CAPABILITIES = ("RFID_READER", "REMOTE_START_STOP_CAPABLE", "RESERVABLE", "UNLOCK_CAPABLE", "CHARGING_PROFILE_CAPABLE")
# The same, of anything but charging stations.
ACCESS = ("read", "write", "admin", "read:users", "write:users", "read:reports", "profile", "delete")
FEATURES = ("search", "export", "notifications", "reports", "audit_log", "two_factor", "dark_mode", "api_access")
MODELS = ("Aurora 300", "Nova 12", "Orion X2", "Vega 5", "Atlas 40", "Lyra S", "Pulse 7", "Delta Mini")
SETTING_KEYS = ("timeout", "log_level", "max_retries", "page_size", "locale", "theme", "cache_ttl", "batch_size")
SETTING_VALUES = ("30", "info", "3", "50", "en", "dark", "300", "100")
OPERATIONAL_STATUSES = ("Available", "Charging", "Preparing", "Finishing", "Unavailable", "Offline")
CONFIGURATION = (
    ("HeartbeatInterval", "300"), ("MeterValueSampleInterval", "60"), ("ConnectionTimeOut", "90"),
    ("AuthorizeRemoteTxRequests", "true"), ("LocalPreAuthorize", "false"), ("StopTransactionOnEVSideDisconnect", "true"),
    ("WebSocketPingInterval", "45"), ("NumberOfConnectors", "2"),
)  # fmt: skip
SITE_WORDS = ("Central", "Harbour", "North", "Station Square", "Old Town", "Market", "East", "Campus", "Park & Ride", "West Gate")
ADJECTIVES = ("Northern", "Blue", "Central", "Silver", "Rapid", "Bright", "Coastal", "Prime", "Quiet", "Green")
STATUSES = ("active", "pending", "completed", "inactive")
LEVELS = ("low", "medium", "high")
# ISO 3166-1: the three letters of what has these two.
ALPHA_3 = {
    "AR": "ARG", "AT": "AUT", "AU": "AUS", "BE": "BEL", "BG": "BGR", "BR": "BRA", "CA": "CAN", "CH": "CHE", "CL": "CHL", "CN": "CHN",
    "CO": "COL", "CZ": "CZE", "DE": "DEU", "DK": "DNK", "EE": "EST", "EG": "EGY", "ES": "ESP", "FI": "FIN", "FR": "FRA", "GB": "GBR",
    "GR": "GRC", "HR": "HRV", "HU": "HUN", "ID": "IDN", "IE": "IRL", "IL": "ISR", "IN": "IND", "IT": "ITA", "JP": "JPN", "KR": "KOR",
    "LT": "LTU", "LV": "LVA", "MX": "MEX", "MY": "MYS", "NL": "NLD", "NO": "NOR", "NZ": "NZL", "PH": "PHL", "PL": "POL", "PT": "PRT",
    "RO": "ROU", "RU": "RUS", "SA": "SAU", "SE": "SWE", "SG": "SGP", "SI": "SVN", "SK": "SVK", "TH": "THA", "TR": "TUR", "TW": "TWN",
    "UA": "UKR", "US": "USA", "VN": "VNM", "ZA": "ZAF",
}  # fmt: skip
