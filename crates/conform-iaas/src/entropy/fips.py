import sys
blocks, path = int(sys.argv[1]), sys.argv[2]
limits = ((2315, 2685), (1114, 1386), (527, 723), (240, 384), (103, 209))
long_ones, long_zeros = "1" * 26, "0" * 26

def runs_ok(bits, one, zero):
    # every boundary doubled, so that neighbouring runs do not share one
    text = zero + bits.replace(zero, zero + zero) + zero
    counts = [text.count(zero + one * n + zero) for n in range(1, 6)]
    starts = ("%s%s" % (zero, bits)).count(zero + one)
    longer = starts - sum(counts)
    pairs = zip(counts + [longer], limits + ((103, 209),))
    return all(low <= n <= high for n, (low, high) in pairs)

def block_ok(data, last):
    bits = bin(int.from_bytes(b"\x01" + data, "big"))[3:]
    if not 9725 < bits.count("1") < 10275:
        return False
    digits = data.hex()
    squares = sum(digits.count(d) ** 2 for d in "0123456789abcdef")
    if not 2.16 < 16 / 5000 * squares - 5000 < 46.17:
        return False
    if long_ones in bits or long_zeros in bits:
        return False
    if not (runs_ok(bits, "1", "0") and runs_ok(bits, "0", "1")):
        return False
    words = [last] + [data[i:i + 4] for i in range(0, 2500, 4)]
    return all(a != b for a, b in zip(words, words[1:]))

failures, last = 0, b""
with open(path, "rb", buffering=0) as source:
    for _ in range(blocks):
        data = b""
        while len(data) < 2500:
            piece = source.read(2500 - len(data))
            if not piece:
                sys.exit("the source ended")
            data += piece
        failures += not block_ok(data, last)
        last = data[-4:]
print("FIPS 140-2 successes: %d failures: %d" % (blocks - failures, failures))
