using System.Collections.Immutable;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Authentication;

/// <summary>What a client has proven. The default proves nothing.</summary>
/// <param name="User">The user name that it gave: what it wants to reach, and nothing that it is.</param>
/// <param name="Caller">Whose placeholder or key it presented; null: nobody's.</param>
/// <param name="Method">By which way.</param>
/// <param name="Verdict">Why it is not let in; Ok where it is. Of a key that is not taken: Unknown.</param>
internal readonly record struct ClientProof(byte[] User, Caller? Caller, string Method, PlaceholderVerdict Verdict)
{
    /// <summary>What it presented; null: nothing valid, or a key.</summary>
    public Placeholder? Placeholder => Caller?.Placeholder;

    /// <summary>What its certificate lets it do; null: it has none.</summary>
    public CertificateTerms? Terms { get; init; }

    /// <summary>Why its keys were not taken, for the audit log; null: it tried none last.</summary>
    public string? KeyProblem { get; init; }

    /// <summary>It may not try again.</summary>
    public bool IsLast { get; init; }
}

/// <summary>
/// The server's side of RFC 4252: a placeholder as password, or as the answer to the one question of keyboard-interactive (RFC 4256); or a
/// key of the client's own, where the config has any.
/// SSH_MSG_USERAUTH_SUCCESS is not sent here: the client learns that it is in when the upstream has accepted us.
/// </summary>
/// <param name="transport">The leg to the client.</param>
/// <param name="store">Whose placeholders are taken.</param>
/// <param name="time">The clock.</param>
/// <param name="keys">What keys are taken; null: none.</param>
internal sealed class ClientAuthentication(SshTransport transport, IPlaceholderStore store, TimeProvider time, UserKeys? keys = null)
{
    // What may be tried, as the client is told.
    private readonly ImmutableArray<string> _methods =
        keys is null ? ["password", "keyboard-interactive"] : ["publickey", "password", "keyboard-interactive"];

    private readonly KeyProof? _keyProof = keys is null ? null : new KeyProof(transport, keys, time);

    // OpenSSH's MaxAuthTries. The first question, by the method "none", is free.
    private const int MostTries = 6;

    // Asking for a key that is known is no try, and costs us something all the same.
    private const int MostQueries = 32;

    /// <summary>Longer than any placeholder; what is longer is not looked at.</summary>
    private const int MostTokenBytes = 4096;

    private const int MostUserBytes = 1024;

    private byte[]? _user;

    /// <summary>Takes the client's attempts, each of which but the last has been refused.</summary>
    /// <param name="session">The session.</param>
    /// <returns>A proof, or the last of too many attempts, or of those after which the client left. Null: it left before it tried.</returns>
    /// <exception cref="ProtocolException">The client broke the protocol.</exception>
    public async ValueTask<ClientProof?> RunAsync(Session session)
    {
        if (!await TakeServiceRequestAsync())
        {
            return null;
        }

        bool isFirst = true;
        ClientProof? last = null;
        for (int tries = 0, queries = 0; ;)
        {
            if (!await transport.ReadAsync())
            {
                return last;
            }

            if (transport.Kind != SshMessage.SSH_MSG_USERAUTH_REQUEST)
            {
                ProtocolException.Throw(Peer.Client, "a message that may not come before the client has proven itself");
            }

            (string method, Secret? token) = ReadRequest(session);
            if (method == "keyboard-interactive")
            {
                AskForPlaceholder();
                if (!await transport.ReadAsync())
                {
                    return last;
                }

                switch (transport.Kind)
                {
                    case SshMessage.SSH_MSG_USERAUTH_INFO_RESPONSE:
                        token = ReadAnswer();
                        break;
                    case SshMessage.SSH_MSG_USERAUTH_REQUEST:
                        // Whoever asks for another method instead gives this one up.
                        (method, token) = ReadRequest(session);
                        break;
                    default:
                        ProtocolException.Throw(Peer.Client, "another message than the answer to what was asked");
                        break;
                }
            }

            using (token)
            {
                if (method == KeyProof.Method && _keyProof!.IsQuery)
                {
                    if (++queries > MostQueries)
                    {
                        ProtocolException.Throw(Peer.Client, "it asks for keys again and again, and signs with none");
                    }

                    continue;
                }

                ClientProof proof = method == KeyProof.Method ? _keyProof!.ToProof(_user!)
                    : token is null ? new ClientProof(_user!, null, method, PlaceholderVerdict.Unknown)
                    : Judge(session, token, method);
                if (proof.Verdict == PlaceholderVerdict.Ok)
                {
                    return proof;
                }

                // To ask what may be tried is no attempt.
                tries += method == "none" && isFirst ? 0 : 1;
                isFirst = false;
                last = token is null && proof.KeyProblem is null ? last : proof;
                if (tries >= MostTries)
                {
                    return proof with { IsLast = true };
                }

                Fail();
            }
        }
    }

    /// <summary>SSH_MSG_USERAUTH_FAILURE.</summary>
    private void Fail()
    {
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).NameList(_methods).Boolean(false);
        transport.Send(writer.WrittenSpan);
    }

    private async ValueTask<bool> TakeServiceRequestAsync()
    {
        if (!await transport.ReadAsync())
        {
            return false;
        }

        if (transport.Kind != SshMessage.SSH_MSG_SERVICE_REQUEST)
        {
            ProtocolException.Throw(Peer.Client, "another message than the request of a service");
        }

        var reader = new SshReader(Peer.Client, transport.Packet.Payload);
        reader.ReadByte();
        if (!reader.ReadString().SequenceEqual("ssh-userauth"u8))
        {
            SshProtocolException.Throw(Peer.Client, DisconnectReason.SSH_DISCONNECT_SERVICE_NOT_AVAILABLE, "a service that there is not");
        }

        reader.End();
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_SERVICE_ACCEPT).String("ssh-userauth"u8);
        transport.Send(writer.WrittenSpan);
        return true;
    }

    /// <summary>
    /// RFC 4252 section 5:
    /// <code>
    /// byte      SSH_MSG_USERAUTH_REQUEST
    /// string    user name
    /// string    service name
    /// string    method name
    /// ....      what the method says; for "password": boolean FALSE, string password
    /// </code>
    /// </summary>
    private (string Method, Secret? Token) ReadRequest(Session session)
    {
        var reader = new SshReader(Peer.Client, transport.Packet.Payload);
        reader.ReadByte();
        ReadOnlySpan<byte> user = reader.ReadString();
        if (!reader.ReadString().SequenceEqual("ssh-connection"u8))
        {
            SshProtocolException.Throw(Peer.Client, DisconnectReason.SSH_DISCONNECT_SERVICE_NOT_AVAILABLE, "a service that there is not");
        }

        // Whoever changes the name begins anew, which RFC 4252 lets a server refuse.
        _user ??= user.Length <= MostUserBytes ? user.ToArray() : [];
        if (!user.SequenceEqual(_user))
        {
            ProtocolException.Throw(Peer.Client, "another user name than before, or one that is too long");
        }

        ReadOnlySpan<byte> method = reader.ReadString();
        if (method.SequenceEqual("keyboard-interactive"u8))
        {
            return ("keyboard-interactive", null);
        }

        if (_keyProof is not null && KeyProof.IsMethod(method, out bool isHostBound))
        {
            _keyProof.Take(ref reader, isHostBound, session.SourceAddress);
            return (KeyProof.Method, null);
        }

        if (!method.SequenceEqual("password"u8))
        {
            return (method.SequenceEqual("none"u8) ? "none" : "another", null);
        }

        // TRUE changes a password, and a placeholder is not changed.
        bool isChange = reader.ReadBoolean();
        ReadOnlySpan<byte> password = reader.ReadString();
        if (!isChange)
        {
            reader.End();
        }

        return ("password", isChange || password.Length > MostTokenBytes ? null : Secret.CopyOf(password));
    }

    /// <summary>RFC 4256 section 3.2: name, instruction, language, and one prompt whose answer is not shown.</summary>
    private void AskForPlaceholder()
    {
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_USERAUTH_60).String("").String("").String("").UInt32(1).String("Placeholder: ").Boolean(false);
        transport.Send(writer.WrittenSpan);
    }

    private Secret? ReadAnswer()
    {
        var reader = new SshReader(Peer.Client, transport.Packet.Payload);
        reader.ReadByte();
        if (reader.ReadUInt32() != 1)
        {
            ProtocolException.Throw(Peer.Client, "another number of answers than of questions");
        }

        ReadOnlySpan<byte> answer = reader.ReadString();
        reader.End();
        return answer.Length > MostTokenBytes ? null : Secret.CopyOf(answer);
    }

    private ClientProof Judge(Session session, Secret token, string method)
    {
        Placeholder? found = PlaceholderToken.TryParse(token.Span, out ReadOnlySpan<byte> id) ? store.Find(id) : null;
        bool isProven = store.Verify(found, token.Span);
        PlaceholderVerdict verdict = PlaceholderChecks.Judge(found, time.GetUtcNow(), session.SourceAddress);
        return new ClientProof(_user!, found is null ? null : Caller.Of(found), method, isProven ? verdict : PlaceholderVerdict.Unknown);
    }
}
