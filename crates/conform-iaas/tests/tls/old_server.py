"""A TLS server that still accepts what OpenSSL no longer does: SSL 3.0, RC4, 3DES. Needs tlslite-ng.

    old_server.py CERTIFICATE KEY OLDEST NEWEST CIPHER[,CIPHER...]

OLDEST and NEWEST are minor versions: 0 is SSL 3.0, 3 is TLS 1.2. Prints its port, then serves until it is killed.
"""
import socket
import sys
import threading

from tlslite.api import X509, HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey


def serve(connection, chain, key, settings):
    tls = TLSConnection(connection)
    try:
        tls.handshakeServer(certChain=chain, privateKey=key, settings=settings)
        tls.read(min=1, max=4096)
        tls.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        tls.close()
    except Exception:  # a client that goes away is what probing looks like
        pass
    finally:
        connection.close()


def main(certificate, key_file, oldest, newest, ciphers):
    chain = X509CertChain([X509().parse(open(certificate).read())])
    key = parsePEMKey(open(key_file).read(), private=True)
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion = (3, int(oldest)), (3, int(newest))
    settings.cipherNames = ciphers.split(",")
    settings.macNames = ["sha", "sha256", "sha384", "md5", "aead"]
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, chain, key, settings), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
