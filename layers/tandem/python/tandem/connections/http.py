"""One integration's requests: paced, bounded in time and size, repeated where that is harmless, decoded, and every
failure an error that tells the admin what to do.

A VendorHttp is cheap and made for one piece of work, with that work's deadline; transport and pace are shared by all
the work of a function instance.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import IO, Any, Final
from urllib.parse import urlsplit

import httpx

from tandem.connections.address import AddressRule
from tandem.connections.advice import Advice, elsewhere, error_of, no_answer, web_page
from tandem.connections.authorization import Authorization
from tandem.connections.calls import Around, Call, Page
from tandem.connections.errors import AGAIN, BadReply, Paced, Refused, Unreachable, VendorError
from tandem.connections.limits import MEGABYTE, Deadline, Limits, Pace, Pacing
from tandem.connections.repeating import wait_before_the_next
from tandem.connections.replies import ERROR_BYTES, Reply
from tandem.connections.rows import NotAnArrayError, rows_of
from tandem.connections.unpacking import NotUnpackableError, unpacked

_REDIRECTS: Final = 3
_IN_MEMORY = 8 * MEGABYTE
_ALWAYS = {"User-Agent": "Tandem", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
_HEADER_VALUE = re.compile(r"[\x20-\x7e]+")


class VendorHttp:
    """Requests to one server in one piece of work.

    Every method raises VendorError, and nothing else: of the whole tree, TimeIsUp when the deadline leaves no time.
    """

    def __init__(
        self,
        base_url: str,
        *,
        advice: Advice,
        authorize: Authorization,
        limits: Limits,
        deadline: Deadline,
        around: Around,
        rule: AddressRule,
        pace: Pacing | None = None,
    ) -> None:
        rule.check_url(base_url)
        self.advice = advice
        self.limits = limits
        self.deadline = deadline
        self.host = urlsplit(base_url).netloc
        self._base = base_url.rstrip("/")
        self._authorize = authorize
        self._around = around
        self._pace: Pacing = pace or Pace(limits.rate, around.clock, around.sleep)

    def now(self) -> datetime:
        """The time of day."""
        return self._around.now()

    # ---- what is asked

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON of a GET."""
        return self.request(Call("GET", path, params or {}, repeatable=True))

    def request(self, call: Call) -> Any:
        """The JSON of the answer; None where there is no content and none is needed."""
        with closing(self._spool()) as body:
            reply = self._answer(call, body, self.limits.document_bytes)
            body.seek(0, 2)
            if body.tell() == 0 and call.may_be_empty:
                return None
            try:
                return reply.value()
            except ValueError:
                pass
            raise self._no_json(reply)

    def rows(self, call: Call) -> Iterator[Any]:
        """The rows of an answer that is one array, however long. The whole of it is here before the first row is given,
        on disk, so that a broken connection is repeated and not noticed; memory holds a row. What is no whole array
        raises BadReply at its end; who takes longer with the rows than there is time is told by TimeIsUp."""
        with closing(self._spool()) as body:
            reply = self._answer(call, body, self.limits.listing_bytes)
            body.seek(0)
            problem = None
            try:
                for row in rows_of(body, self.limits.row_characters):
                    if self.deadline.remaining() <= 0:
                        break
                    yield row
            except NotAnArrayError as error:
                problem = str(error)
            if self.deadline.remaining() <= 0:
                raise self.deadline.time_is_up(self.advice.vendor)
            if problem is not None:
                raise self._no_json(reply, problem)

    def pages(self, fetch: Callable[[str | None], Page]) -> Iterator[Any]:
        """The rows of a listing in pages. Raises BadReply for one that goes in circles or never ends."""
        after: str | None = None
        seen: set[str] = set()
        for _ in range(self.limits.pages):
            page = fetch(after)
            yield from page.rows
            after = page.after
            if after is None:
                return
            if after in seen:
                raise self.bad_reply("its listing goes in circles: the same page came twice")
            seen.add(after)
        raise self.bad_reply(f"its listing has more than {self.limits.pages} pages")

    def bad_reply(self, problem: str) -> BadReply:
        """An answer that is JSON and still not what it should be."""
        return BadReply(
            f"{self.advice.vendor} gave an answer that Tandem cannot use: {problem}. {AGAIN}; if this stays so, "
            "see whether its server was changed lately, or what stands in front of it."
        )

    # ---- how it is asked

    def _answer(self, call: Call, body: IO[bytes], most: int) -> Reply:
        """The answer with a status below 300, after as many attempts as it takes and as are allowed."""
        attempt, renewed = 1, False
        failed: VendorError | None = None
        while True:
            outcome = self._attempt(call, body, most)
            if isinstance(outcome, Reply):
                return outcome
            if isinstance(outcome, Paced) and failed is not None:
                # What came of the attempts that were made says more than that there is no time for another.
                raise failed
            if isinstance(outcome, Refused):
                if not renewed and self._authorize.renew():
                    renewed = True
                    continue
                self._authorize.given_up(outcome)
            wait = wait_before_the_next(outcome, attempt, call.repeatable, self.limits, self._around.chance())
            if wait is None or wait >= self.deadline.remaining():
                raise outcome
            failed = outcome
            self._around.sleep(wait)
            attempt += 1

    def _attempt(self, call: Call, body: IO[bytes], most: int) -> Reply | VendorError:
        """One attempt, redirects on the same server included. Gives its error, to be raised outside of any `except`."""
        url, params = self._base + call.path, call.params or None
        for _ in range(_REDIRECTS + 1):
            reply = self._exchange(call, url, params, body, most)
            if isinstance(reply, VendorError) or reply.status < 300:
                return reply
            if reply.status >= 400:
                return error_of(reply, self.advice, (*self._authorize.secrets, *call.secrets), self.now())
            target = _target(url, reply.headers.get("location", ""))
            if call.method != "GET" or target == url or not _same_server(url, target):
                return elsewhere(reply, self.advice, target)
            url, params = target, None
        return self.bad_reply("it sends Tandem on and on")

    def _exchange(
        self, call: Call, url: str, params: Mapping[str, str | int] | None, body: IO[bytes], most: int
    ) -> Reply | VendorError:
        headers = self._headers()
        if isinstance(headers, VendorError):
            return headers
        # The transport itself: a client would keep cookies, look for proxies and follow where it should not.
        request = httpx.Request(
            call.method,
            url,
            params=params,
            json=call.json,
            data=call.form,
            headers={**_ALWAYS, **headers},
            extensions={"remaining": self.deadline.remaining},
        )
        try:
            # Time that the RMM has used up is no matter of its rate: it is looked at first.
            if self.deadline.remaining() > 0:
                self._pace.wait(self.deadline, self.advice.vendor)
            if self.deadline.remaining() <= 0:
                return self.deadline.time_is_up(self.advice.vendor)
            request.extensions["timeout"] = self._timeout()
            body.seek(0)
            body.truncate()
            with closing(self._around.transport.handle_request(request)) as response:
                named = {name.lower(): value for name, value in response.headers.items()}
                reply = Reply(f"{call.method} {call.path}", response.status_code, named, self.host, body)
                self._read(response, reply, most)
                return self._checked(reply)
        except httpx.TransportError as error:
            problem: VendorError = no_answer(error, self.advice, self.host)
        except NotUnpackableError as error:
            problem = self.bad_reply(str(error))
        except VendorError as error:
            problem = error.with_traceback(None)
        problem.__context__ = problem.__cause__ = None
        if isinstance(problem, Unreachable) and not problem.nothing_sent and self.deadline.remaining() <= 0:
            return self.deadline.time_is_up(self.advice.vendor)
        return problem

    def _read(self, response: httpx.Response, reply: Reply, most: int) -> None:
        """Puts the body where the reply looks for it, of an error no more than is looked at. Bytes count as they come
        and as they are when unpacked. Raises httpx.TransportError, NotUnpackableError, TimeIsUp, BadReply."""
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101  the transport makes no other
        is_error = reply.status >= 300
        most = ERROR_BYTES if is_error else most
        try:
            pieces = unpacked(self._in_time(response.stream, most), reply.headers.get("content-encoding", ""))
            for piece in self._in_time(pieces, most):
                try:
                    reply.body.write(piece)
                except OSError:
                    break
            else:
                return
        except (NotUnpackableError, BadReply):
            # An error is one, whatever it is wrapped in.
            if is_error:
                return
            raise
        raise self.bad_reply("it is larger than the room that Tandem has for it")

    def _in_time(self, pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
        """The pieces, as long as there is time and they are not too many. Raises TimeIsUp, BadReply."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if self.deadline.remaining() <= 0:
                raise self.deadline.time_is_up(self.advice.vendor)
            if size > most:
                raise self.bad_reply(f"it is larger than {most // MEGABYTE or most / MEGABYTE:.3g} MB")
            yield piece

    def _checked(self, reply: Reply) -> Reply | VendorError:
        return web_page(reply, self.advice) if reply.status < 300 and reply.is_page else reply

    def _headers(self) -> Mapping[str, str] | VendorError:
        headers = self._authorize.headers()
        if all(_HEADER_VALUE.fullmatch(value) for value in headers.values()):
            return headers
        return Refused(
            f"The credentials hold a character that {self.advice.vendor} cannot have made, a line break for instance. "
            "Copy them again."
        )

    def _timeout(self) -> dict[str, float]:
        remaining = max(0.001, self.deadline.remaining())
        answer, connect = min(self.limits.answer_seconds, remaining), min(self.limits.connect_seconds, remaining)
        return {"connect": connect, "read": answer, "write": answer, "pool": connect}

    def _no_json(self, reply: Reply, problem: str | None = None) -> BadReply:
        reply.body.seek(0, 2)
        if reply.body.tell() == 0:
            return self.bad_reply("it is empty")
        return self.bad_reply(problem or "it is no JSON, or not all of it")

    @staticmethod
    def _spool() -> IO[bytes]:
        return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _target(url: str, location: str) -> str:
    """Where a redirect leads; empty for nowhere."""
    try:
        return str(httpx.URL(url).join(location)) if location else ""
    except httpx.InvalidURL:
        return ""


def _same_server(url: str, target: str) -> bool:
    here, there = httpx.URL(url), httpx.URL(target)
    return (here.scheme, here.netloc, here.userinfo) == (there.scheme, there.netloc, there.userinfo)
