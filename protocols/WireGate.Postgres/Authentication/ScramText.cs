using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// Reads the attributes of a SCRAM message (RFC 5802 section 5.1): <c>a=value,b=value</c>. Values are borrowed from the message.
/// </summary>
internal ref struct ScramText(Peer peer, ReadOnlySpan<byte> message)
{
    /// <summary>The mechanisms' names.</summary>
    public const string Sha256 = "SCRAM-SHA-256";

    /// <summary>With channel binding.</summary>
    public const string Sha256Plus = "SCRAM-SHA-256-PLUS";

    /// <summary>Length in bytes of what we make: 18 random bytes in base64, as PostgreSQL and libpq do.</summary>
    public const int NonceLength = 24;

    /// <summary>No message of either side comes near it: PostgreSQL's are below 200. Bounds what is hashed and copied.</summary>
    public const int MaxMessageLength = 2_000;

    /// <summary>No nonce that both halves together come near: PostgreSQL's are 48.</summary>
    public const int MaxNonceLength = 512;

    private const int NonceBytes = 18;

    // The BCL's decoder skips blanks, which the grammar does not have.
    private static readonly SearchValues<byte> Base64Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    private ReadOnlySpan<byte> _rest = message;
    private int _read;

    /// <summary>Bytes read so far, separators included.</summary>
    public readonly int Position => _read;

    public readonly bool HasMore => !_rest.IsEmpty;

    /// <summary>A fresh nonce.</summary>
    public static byte[] NewNonce()
    {
        Span<byte> random = stackalloc byte[NonceBytes];
        RandomNumberGenerator.Fill(random);
        byte[] nonce = new byte[NonceLength];
        Base64.EncodeToUtf8(random, nonce, out _, out _);
        return nonce;
    }

    /// <summary>HMAC of the three parts of AuthMessage: client-first-bare, server-first, client-final-without-proof.</summary>
    public static void Sign(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> clientFirstBare, ReadOnlySpan<byte> serverFirst,
        ReadOnlySpan<byte> clientFinalWithoutProof, Span<byte> destination)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(clientFirstBare);
        hmac.AppendData(","u8);
        hmac.AppendData(serverFirst);
        hmac.AppendData(","u8);
        hmac.AppendData(clientFinalWithoutProof);
        hmac.GetHashAndReset(destination);
    }

    /// <summary>Base64 in ASCII bytes.</summary>
    public static byte[] ToBase64(ReadOnlySpan<byte> bytes)
    {
        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, text, out _, out _);
        return text;
    }

    /// <summary>The value of the attribute that must come next.</summary>
    public ReadOnlySpan<byte> Read(byte name)
    {
        ReadOnlySpan<byte> value = ReadAny(out byte found);
        if (found != name)
        {
            ProtocolException.Throw(peer, "a SCRAM message without an attribute that it must have");
        }

        return value;
    }

    /// <summary>The value of whatever attribute comes next.</summary>
    public ReadOnlySpan<byte> ReadAny(out byte name)
    {
        ReadOnlySpan<byte> attribute = ReadPart();
        if (attribute.Length < 2 || !char.IsAsciiLetter((char)attribute[0]) || attribute[1] != '=')
        {
            ProtocolException.Throw(peer, "a malformed SCRAM attribute");
        }

        name = attribute[0];
        return attribute[2..];
    }

    /// <summary>Everything up to the next comma, which is skipped.</summary>
    public ReadOnlySpan<byte> ReadPart()
    {
        int length = _rest.IndexOf((byte)',');
        if (length == _rest.Length - 1)
        {
            ProtocolException.Throw(peer, "a SCRAM message that ends too early");
        }

        ReadOnlySpan<byte> part = length < 0 ? _rest : _rest[..length];
        int taken = length < 0 ? _rest.Length : length + 1;
        _rest = _rest[taken..];
        _read += taken;
        return part;
    }

    /// <summary>A nonce: printable ASCII without the comma, and not endless.</summary>
    public ReadOnlySpan<byte> ReadNonce()
    {
        ReadOnlySpan<byte> nonce = Read((byte)'r');
        if (nonce.IsEmpty || nonce.Length > MaxNonceLength || nonce.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7e) >= 0)
        {
            ProtocolException.Throw(peer, "a SCRAM nonce that is empty, too long or not printable");
        }

        return nonce;
    }

    /// <summary>Reads a value in base64 of exactly <paramref name="destination"/>'s length.</summary>
    public void ReadExactly(byte name, scoped Span<byte> destination)
    {
        Span<byte> decoded = stackalloc byte[ScramSha256.KeyLength];
        if (ReadBase64(name, decoded) != destination.Length)
        {
            ProtocolException.Throw(peer, "a SCRAM proof of the wrong length");
        }

        decoded[..destination.Length].CopyTo(destination);
    }

    /// <summary>Reads a value in base64.</summary>
    /// <returns>How many bytes it has, at most those of <paramref name="destination"/>.</returns>
    public int ReadBase64(byte name, scoped Span<byte> destination)
    {
        ReadOnlySpan<byte> text = Read(name);
        if (text.ContainsAnyExcept(Base64Alphabet)
            || Base64.DecodeFromUtf8(text, destination, out _, out int written) != OperationStatus.Done)
        {
            ProtocolException.Throw(peer, "a SCRAM value that is too long or no base64");
            return 0;
        }

        return written;
    }
}
