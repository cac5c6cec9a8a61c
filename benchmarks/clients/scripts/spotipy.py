"""spotipy: what its users ask most, and pages to their end."""

import spotipy
from calls import URL, call, drain, finish

client = spotipy.Spotify(auth="t", retries=0, status_retries=0)
client.prefix = URL + "/"


def pages(first):
    page, items = first, []
    while page:
        items += page["items"]
        if len(items) > 300:
            raise OverflowError("it never ends")
        page = client.next(page)
    return items


call("me", client.me)
call("album", lambda: client.album("4aawyAB9vmqN3uQ7FjRGTy"))
call("artist", lambda: client.artist("0TnOYISbd1XYRBk9myaseg"))
call("track", lambda: client.track("11dFghVXANMlKmJXsNCbNl"))
call("artist_top_tracks", lambda: client.artist_top_tracks("0TnOYISbd1XYRBk9myaseg"))
call("audio_features", lambda: client.audio_features(["11dFghVXANMlKmJXsNCbNl"]))
call("search", lambda: client.search("a", limit=2)["tracks"]["items"])
call("playlist", lambda: client.playlist("3cEYpjA9oz9GiPac4AsH4n"))
call("current_playback", client.current_playback)
call("devices", client.devices)
call("user_playlist_create", lambda: client.user_playlist_create("ann", "Mine"))
drain("album_tracks", lambda: pages(client.album_tracks("4aawyAB9vmqN3uQ7FjRGTy")))
drain("current_user_playlists", lambda: pages(client.current_user_playlists()))
drain("current_user_saved_tracks", lambda: pages(client.current_user_saved_tracks()))
drain("playlist_items", lambda: pages(client.playlist_items("3cEYpjA9oz9GiPac4AsH4n")))
drain("artist_albums", lambda: pages(client.artist_albums("0TnOYISbd1XYRBk9myaseg")))
finish()
