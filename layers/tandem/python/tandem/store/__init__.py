"""The table: one DynamoDB table a tenant.

Questions it answers, and how
-----------------------------
The way of an alert (per event, in batches; `reads.py`, `apply.py`):

1. the alert of an event             GetItem  A#<alert>           sk ALERT      id derived from the RMM's id: no index
2. the trace of an alert             GetItem  A#<alert>           sk TRACE      rewritten whole, so beside the alert
3. the sender's text                 GetItem  A#<alert>           sk RAW        written once
   a message too long for the alert  GetItem  A#<alert>           sk MESSAGE    the latest firing's
4. the device record of an event     GetItem  DEVICE#<int>#<dev>  sk DEVICE
5. the condition of an event         GetItem  K#<condition>       sk CONDITION
6. the ticket a condition has open   GetItem  T#<ticket>          sk TICKET

The desk and the admin API:

7. a ticket's comments, alerts, time Query    T#<ticket>          sk C#..., L#..., E#...
8. tickets, open or closed, by time  by_time  TICKETS#<open|closed>#<shard>, opened at
9. tickets of a client               by_owner CLIENT#<client>, opened at
10. alerts by time                   by_time  ALERTS#<shard>, first seen at
11. alerts of a device               by_owner DEVICE#<int>#<dev>, first seen at
12. live alerts of an integration    live     LIVE#<int>#<shard>, first seen at (sparse: gone when resolved)
13. integrations, clients, boards,   Query    INTEGRATION | CLIENT | BOARD | USER | APIKEY | WINDOW, sk the id
    users, API keys, windows
14. rules, organizations of one      Query    RULE#<int> | ORGANIZATION#<int>, sk the id
    integration; a rule as it was    GetItem  RULE#<int>          sk R#<rule>#<revision> in RULE_REVISION#<int>
15. has configuration changed?       GetItem  VERSION             sk CONFIGURATION
16. the next ticket numbers          Update   COUNTER             sk TICKET (a block at a time)
17. dead letters by time             Query    DEAD_LETTER         sk <received at>#<id>, which its id outside holds
18. alerts that wait for a mapping   Query    WAITING#<int>#<shard>  sk the alert's id; read consistently, so that
                                                                  a mapping frees every alert written before it
19. what is due by now, earliest     Query    DUE#<shard>         sk <wake at>#<reason>#<subject>; read consistently:
    first; what a window holds                                    what a window holds is a filter over all that is due

Outbound (`tandem/outbound`):

24. what became of telling the RMM   GetItem  A#<alert>           sk OUTBOUND   a retry would be billed with the alert
    that an alert is over?                                        otherwise, and an event of the alert with the retries

Notifications (`tandem/notifications`):

20. a user's, newest first; up to    Query    NOTIFY#<user>       sk N#<sortable id>; READ
    where all are read
21. how many a user was sent lately, GetItem  NOTIFY#<user>       sk TALLY
    and what waits for a digest      Query    NOTIFY#<user>       sk G#<digest>#<sortable id>, some ten tickets each: a
                                                                  storm that names one user stays below 1,000 write
                                                                  units a second on this key
22. was this user told of that?      GetItem  TOLD#<ticket or digest>  sk the user's id; apart from the user's own
                                                                  partition for the same reason

Previews:

23. what did a preview of a rule see? GetItem PREVIEW#<preview>   sk PREVIEW; kept for an hour

Polling (`tandem/polling`):

25. how does its polling stand, and  GetItem  POLL#<int>          sk STATE; apart from the integration, whose version
    is a poll of it running?                                      every cache watches
26. what came of a run that a        GetItem  POLL#<int>          sk RUN#<run>
    person asked for?

Connections to the RMMs (`tandem/connections`):

27. whose turn to renew tokens?      Update   TOKEN_LOCK#<int>    sk TOKEN_LOCK; apart from the integration, which every
                                                                  webhook reads
39. until when are its requests      Update   RATE#<int>          sk RATE; five seconds' worth or so at a time: so the
    reserved?                                                     functions keep the RMM's rate together
28. is this sign-in still to be      Delete   SIGN_IN#<flow>      sk SIGN_IN; each step of it removes the item that it
    finished?                                                     began with, so that it is taken once

Assets and the sync of devices (`tandem/assets`, `tandem/syncing`):

29. one asset                        GetItem  ASSET#<asset>       sk ASSET
30. its history, newest first        Query    ASSET#<asset>       sk H#<time>#<n>
31. assets by time; of a client      by_time  ASSETS#<shard>; by_owner ASSETS_OF#<client>, made at
32. assets by what is typed into a   Query    WORD#<first two characters>  sk <word>#<asset>, a query of its beginning
    search field
33. which asset is the machine of    GetItem  MATCH#<kind>#<value>  sk MATCH; put if there is none, so that two
    this serial number or MAC?                                    devices side by side make no two assets of it
34. what changes all the time of     GetItem  FLEET#<int>#<begins>  sk PAGE: some hundred devices in one item, so that a
    some hundred devices, and what                                sync of nothing new writes a unit for several; each
    the last sync knew of each                                    page has a partition key: a sync writes all of them
35. in which page is a device?       GetItem  FLEET#<int>         sk DIRECTORY
36. is a sync running, and what came GetItem  SYNC#<int>          sk STATE; a lease as of polls
    of the last?
37. one sync; the last ones          GetItem, Query  SYNC#<int>   sk RUN#<sortable id>
38. who did what, newest first       Query    AUDIT               sk <time>#<id>; what people ask for by hand, so one
                                                                  partition is enough
39. a user's link into a device,     GetItem  REMOTE#<int>#<dev>  sk the user's id
    while it lives

The indexes project keys only: a listing reads page and items, and an update that moves no key pays for no index.
Indexes of few values are sharded, so that 500 alerts a second stay far below 1,000 write units on any key.
"""
