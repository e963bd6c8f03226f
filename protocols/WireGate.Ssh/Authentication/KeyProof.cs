using System.Net;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Authentication;

/// <summary>
/// A client's proof by a key: the method "publickey" of RFC 4252 section 7, and OpenSSH's, which also names the host key. What counts is the
/// key that signed, whatever was asked for before.
/// </summary>
internal sealed class KeyProof(SshTransport transport, UserKeys keys, TimeProvider time)
{
    /// <summary>Its name, as the audit log has it whichever of the two it was.</summary>
    public const string Method = "publickey";

    private readonly List<string> _problems = [];
    private KeyJudgement _judgement;

    /// <summary>The last request only asked whether a key would be taken, and was answered: it would.</summary>
    public bool IsQuery { get; private set; }

    public static bool IsMethod(ReadOnlySpan<byte> method, out bool isHostBound)
    {
        isHostBound = method.SequenceEqual("publickey-hostbound-v00@openssh.com"u8);
        return isHostBound || method.SequenceEqual("publickey"u8);
    }

    /// <summary>
    /// Takes a request, in which follow:
    /// <code>
    /// boolean   whether it is signed
    /// string    algorithm
    /// string    key, or its certificate
    /// string    our host key, if it is bound to it
    /// string    signature, if it is signed: over the session's id as a string, and the request up to here
    /// </code>
    /// </summary>
    /// <param name="reader">Behind the method's name.</param>
    /// <param name="isHostBound">It names the host key.</param>
    /// <param name="source">Where the client comes from.</param>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public void Take(ref SshReader reader, bool isHostBound, IPAddress? source)
    {
        bool isSigned = reader.ReadBoolean();
        string algorithm = PeerText.Of(reader.ReadString());
        ReadOnlySpan<byte> blob = reader.ReadString();
        bool isOurs = !isHostBound || reader.ReadString().SequenceEqual(transport.HostKey!.Blob.Span);
        ReadOnlySpan<byte> unsigned = transport.Packet.Payload[..^reader.Remaining];
        ReadOnlySpan<byte> signature = isSigned ? reader.ReadString() : default;
        reader.End();

        _judgement = isOurs ? keys.Judge(algorithm, blob, source, time.GetUtcNow()) : KeyJudgement.Not("the request is for another host's key");
        IsQuery = !isSigned && _judgement.Problem is null;
        if (IsQuery)
        {
            using var writer = new SshWriter(1024);
            writer.Byte((byte)SshMessage.SSH_MSG_USERAUTH_60).String(algorithm).String(blob);
            transport.Send(writer.WrittenSpan);
        }
        else if (_judgement.Problem is null)
        {
            Verify(unsigned, signature);
        }

        if (_judgement.Problem is { } problem)
        {
            _problems.Add(problem);
        }
    }

    /// <summary>What the last request, which was no query, has proven.</summary>
    public ClientProof ToProof(byte[] user) => _judgement is { Problem: null, Caller: { } caller }
        ? new ClientProof(user, caller, Method, PlaceholderVerdict.Ok) { Terms = _judgement.Terms }
        : new ClientProof(user, null, Method, PlaceholderVerdict.Unknown) { KeyProblem = string.Join("; ", _problems.Distinct()) };

    private void Verify(ReadOnlySpan<byte> unsigned, ReadOnlySpan<byte> signature)
    {
        using var signed = new SshWriter(1024);
        signed.String(transport.SessionId).Raw(unsigned);
        bool isValid = _judgement.Key!.Verify(_judgement.Algorithm!, signed.WrittenSpan, signature, out SkFlags flags);
        SkFlags missing = _judgement.Demands & ~flags;
        if (!isValid || missing != SkFlags.None)
        {
            string fingerprint = _judgement.Key.Fingerprint;
            _judgement = KeyJudgement.Not(
                !isValid ? $"the signature is not one of key {fingerprint} over this session"
                : missing.HasFlag(SkFlags.UserVerified) ? $"key {fingerprint} has to say that it verified its user, and does not"
                : $"key {fingerprint} has to say that somebody touched it, and does not");
        }
    }
}
