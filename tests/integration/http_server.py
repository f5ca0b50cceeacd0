# An HTTP server on the loopback: says where it listens, and what it sees of its clients.
import http.server
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    napping = 0
    trickling = threading.Semaphore(0)
    lock = threading.Lock()

    def do_GET(self):
        kind, _, rest = self.path[1:].partition("/")
        if kind == "bytes":
            self.answer(b"x" * int(rest))
        elif kind == "nap":
            self.nap()
        elif kind == "slow":
            self.trickle()
        elif kind == "fail-after":
            for _ in range(int(rest)):  # slow ones have begun
                Handler.trickling.acquire()
            self.send_error(500)
        else:
            self.send_error(404)

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def nap(self):
        with Handler.lock:
            Handler.napping += 1
            say("napping %d" % Handler.napping)
        time.sleep(0.3)
        with Handler.lock:
            Handler.napping -= 1
        self.answer(b"rested")

    def trickle(self):
        """A byte now and then, for a minute, or until the client has gone."""
        self.send_response(200)
        self.end_headers()
        Handler.trickling.release()
        try:
            for _ in range(600):
                self.wfile.write(b".")
                time.sleep(0.1)
        except OSError:
            say("gone " + self.path)

    def log_message(self, *_):
        pass


def say(text):
    """In one write: with print() the lines of two threads mix, as it writes the line's end apart."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
say("listening at %d" % server.server_port)
server.serve_forever()
