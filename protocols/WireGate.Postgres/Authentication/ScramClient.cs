using System.Security.Cryptography;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Authentication;

/// <summary>With what an upstream wants the password salted.</summary>
/// <param name="Salt">Not empty; in memory of its own.</param>
/// <param name="Iterations"><see cref="ScramClient.MinIterations"/> to <see cref="ScramClient.MaxIterations"/>.</param>
internal readonly record struct ScramChallenge(ReadOnlyMemory<byte> Salt, int Iterations);

/// <summary>
/// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), by which the gateway logs in to an upstream. One
/// exchange: <see cref="First"/>, <see cref="ReadServerFirst"/>, keys from <see cref="ScramKeyCache"/>, <see cref="Final"/>,
/// <see cref="ReadServerFinal"/>. Only then is the upstream proven: an AuthenticationOk while <see cref="IsComplete"/> is false comes
/// from somebody who does not know the password.
/// </summary>
internal sealed class ScramClient
{
    /// <summary>
    /// PostgreSQL's default, and the least that RFC 7677 allows. Our proof lets whoever asked for it try passwords at leisure, and
    /// with fewer rounds each try is cheaper: an upstream that is not the real one would ask for a single round.
    /// </summary>
    public const int MinIterations = 4096;

    /// <summary>
    /// What we compute for an upstream at most, some 50 ms of CPU. From version 16 on an operator can set scram_iterations up to
    /// 2^31-1, but each new session of each client then costs the server as much; more than this is an attempt at our CPU.
    /// </summary>
    public const int MaxIterations = 100_000;

    /// <summary>PostgreSQL's salts are 16 bytes; more than this is an attempt at something.</summary>
    public const int MaxSaltLength = 256;

    private readonly byte[] _header;
    private readonly byte[] _bindingInput;
    private readonly byte[] _nonce;
    private readonly byte[] _firstBare;
    private readonly byte[] _expectedSignature = new byte[ScramSha256.KeyLength];
    private byte[] _serverFirst = [];
    private byte[] _wholeNonce = [];
    private Step _next = Step.First;

    /// <param name="isPlusOffered">Whether the upstream offers SCRAM-SHA-256-PLUS.</param>
    /// <param name="endPointBinding">tls-server-end-point of its certificate; empty: no TLS, or no binding for this certificate.</param>
    /// <param name="nonce">Ours, fresh.</param>
    public ScramClient(bool isPlusOffered, ReadOnlySpan<byte> endPointBinding, byte[] nonce)
    {
        bool isPlus = isPlusOffered && !endPointBinding.IsEmpty;

        // "y": we could, and the upstream does not offer it. If it did, it sees that somebody took it out of the list.
        ReadOnlySpan<byte> header = isPlus ? "p=tls-server-end-point,,"u8 : endPointBinding.IsEmpty ? "n,,"u8 : "y,,"u8;
        Mechanism = isPlus ? ScramText.Sha256Plus : ScramText.Sha256;
        _header = header.ToArray();
        _bindingInput = ScramText.ToBase64([.. header, .. isPlus ? endPointBinding : []]);
        _nonce = nonce;
        _firstBare = [.. "n=,r="u8, .. nonce];
    }

    private enum Step
    {
        First,
        ServerFirst,
        Final,
        ServerFinal,
        Complete,
        Failed,
    }

    /// <summary>The mechanism to name in SASLInitialResponse.</summary>
    public string Mechanism { get; }

    /// <summary>Whether the upstream has proven that it knows the password.</summary>
    public bool IsComplete => _next == Step.Complete;

    /// <summary>client-first-message. The user name is empty: PostgreSQL takes it from the startup message.</summary>
    public byte[] First()
    {
        Begin(Step.First);
        _next = Step.ServerFirst;
        return [.. _header, .. _firstBare];
    }

    /// <summary>Reads server-first-message.</summary>
    /// <param name="message">"r=" nonce ",s=" salt ",i=" iterations *("," extension)</param>
    /// <exception cref="ProtocolException">Malformed, out of bounds, or not an answer to our nonce.</exception>
    public ScramChallenge ReadServerFirst(ReadOnlySpan<byte> message)
    {
        BeginReading(Step.ServerFirst, message);
        var text = new ScramText(Peer.Upstream, message);
        ReadOnlySpan<byte> nonce = text.ReadNonce();
        if (!nonce.StartsWith(_nonce) || nonce.Length == _nonce.Length)
        {
            ProtocolException.Throw(Peer.Upstream, "a SCRAM nonce that does not continue ours");
        }

        Span<byte> salt = stackalloc byte[MaxSaltLength];
        int saltLength = text.ReadBase64((byte)'s', salt);
        if (saltLength == 0)
        {
            ProtocolException.Throw(Peer.Upstream, "an empty SCRAM salt");
        }

        int iterations = ReadIterations(text.Read((byte)'i'));
        while (text.HasMore)
        {
            text.ReadAny(out _);
        }

        _serverFirst = message.ToArray();
        _wholeNonce = nonce.ToArray();
        _next = Step.Final;
        return new ScramChallenge(salt[..saltLength].ToArray(), iterations);
    }

    /// <summary>client-final-message.</summary>
    /// <param name="keys">Derived from the challenge; borrowed.</param>
    public byte[] Final(ScramKeys keys)
    {
        Begin(Step.Final);
        byte[] withoutProof = [.. "c="u8, .. _bindingInput, .. ",r="u8, .. _wholeNonce];
        Span<byte> storedKey = stackalloc byte[ScramSha256.KeyLength];
        Span<byte> proof = stackalloc byte[ScramSha256.KeyLength];
        ScramSha256.StoredKey(keys.ClientKey, storedKey);
        ScramText.Sign(storedKey, _firstBare, _serverFirst, withoutProof, proof);
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i] ^= keys.ClientKey[i];
        }

        ScramText.Sign(keys.ServerKey, _firstBare, _serverFirst, withoutProof, _expectedSignature);
        _next = Step.ServerFinal;
        return [.. withoutProof, .. ",p="u8, .. ScramText.ToBase64(proof)];
    }

    /// <summary>Reads server-final-message.</summary>
    /// <param name="message">"v=" signature *("," extension), or "e=" error</param>
    /// <returns>False: the upstream refuses our proof.</returns>
    /// <exception cref="ProtocolException">Malformed, or signed by somebody who does not know the password.</exception>
    public bool ReadServerFinal(ReadOnlySpan<byte> message)
    {
        BeginReading(Step.ServerFinal, message);
        if (message.StartsWith("e="u8))
        {
            return false;
        }

        var text = new ScramText(Peer.Upstream, message);
        Span<byte> signature = stackalloc byte[ScramSha256.KeyLength];
        text.ReadExactly((byte)'v', signature);
        while (text.HasMore)
        {
            text.ReadAny(out _);
        }

        if (!CryptographicOperations.FixedTimeEquals(signature, _expectedSignature))
        {
            ProtocolException.Throw(Peer.Upstream, "a SCRAM signature by somebody who does not know the password");
        }

        _next = Step.Complete;
        return true;
    }

    private static int ReadIterations(ReadOnlySpan<byte> digits)
    {
        // posit-number = %x31-39 *DIGIT
        const int MaxDigits = 7;
        int value = 0;
        bool isNumber = digits.Length is > 0 and <= MaxDigits && digits[0] != '0';
        foreach (byte digit in isNumber ? digits : [])
        {
            isNumber &= char.IsAsciiDigit((char)digit);
            value = (value * 10) + (digit - '0');
        }

        if (!isNumber || value > MaxIterations)
        {
            ProtocolException.Throw(Peer.Upstream, $"a SCRAM iteration count out of bounds, at most {MaxIterations} are computed");
        }

        if (value < MinIterations)
        {
            ProtocolException.Throw(
                Peer.Upstream, $"a SCRAM iteration count below {MinIterations}, by which the password could be guessed from the proof");
        }

        return value;
    }

    // A step that throws leaves the exchange failed for good.
    private void Begin(Step step)
    {
        if (_next != step)
        {
            throw new InvalidOperationException("A SCRAM exchange out of order.");
        }

        _next = Step.Failed;
    }

    // What comes when is the upstream's choice, so that a message out of order is its fault and not ours.
    private void BeginReading(Step step, ReadOnlySpan<byte> message)
    {
        bool isExpected = _next == step;
        _next = Step.Failed;
        if (!isExpected)
        {
            ProtocolException.Throw(Peer.Upstream, "a SCRAM message out of order");
        }

        if (message.Length > ScramText.MaxMessageLength)
        {
            ProtocolException.Throw(Peer.Upstream, "a SCRAM message that is too long");
        }
    }
}
