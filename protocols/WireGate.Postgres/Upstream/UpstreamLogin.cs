using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres.Upstream;

/// <summary>What a login is made with.</summary>
/// <param name="Target">Whose methods of authentication are pinned.</param>
/// <param name="User">The real user name.</param>
/// <param name="Database">Null: a physical walsender.</param>
/// <param name="Replication">What kind of connection.</param>
/// <param name="Settings">What the client may set and set.</param>
/// <param name="ShownUser">The name that the client sees in the real user's place.</param>
internal sealed record LoginRequest(
    TargetConfig Target, string User, string? Database, ReplicationMode Replication, IReadOnlyList<StartupSetting> Settings, string ShownUser)
{
    /// <summary>Whether it matters where names without a schema are looked for.</summary>
    public bool NeedsSearchPath { get; init; }
}

/// <summary>The upstream said no.</summary>
/// <param name="Error">Its own words, cleaned: for the audit log, and only what is harmless of them for a client.</param>
/// <param name="AskedForPassword">True: it refused while the credential was judged, so a fresher one may help.</param>
/// <param name="NamedAccount">Whether something had to be taken out of its words, which then are not a client's.</param>
internal sealed record UpstreamError(ErrorFields Error, bool AskedForPassword, bool NamedAccount)
{
    /// <exception cref="ProtocolException">The fields are not well formed.</exception>
    public static UpstreamError Read(ReadOnlySpan<byte> body, bool askedForPassword, UpstreamText texts) =>
        new(ErrorFields.Read(body, texts), askedForPassword, texts.HasHidden);
}

/// <summary>
/// Logs in to an upstream as its client. The upstream is not trusted with more than it must have: which method it may ask for is pinned
/// by the target, its own proof is demanded, and nothing it asks for is answered twice.
/// </summary>
internal sealed class UpstreamLogin(ScramKeyCache keys)
{
    private static readonly string[] DefaultMethods = [MethodNames.ScramPlus, MethodNames.Scram];

    /// <summary>The first session_authorization of the last greeting, byte for byte; empty: none was sent.</summary>
    public byte[] GreetedAs { get; private set; } = [];

    /// <summary>Runs from the startup message to ReadyForQuery.</summary>
    /// <param name="connection">Aborted by the caller when the turn is over.</param>
    /// <param name="address">Where it leads.</param>
    /// <param name="request">What to log in with.</param>
    /// <param name="password">Borrowed; null: the login has none.</param>
    /// <param name="turn">Ends the wait for what is no byte of the connection.</param>
    /// <returns>The session, or what the upstream refused it with.</returns>
    /// <exception cref="ProtocolException">The upstream broke the protocol or asked for what it may not have.</exception>
    /// <exception cref="IOException">It closed.</exception>
    /// <exception cref="OperationCanceledException">The turn was over.</exception>
    public async ValueTask<(UpstreamSession? Session, UpstreamError? Error)> RunAsync(
        Connection connection, Address address, LoginRequest request, Secret? password, CancellationToken turn)
    {
        PipeWriter output = connection.Output;
        output.WriteStartupMessage(request.User, request.Database, request.Replication, request.Settings.ToArray());
        await output.FlushAsync(CancellationToken.None);

        var input = new HandshakeInput<UpstreamGreetingFramer>(connection.Input);
        var texts = new UpstreamText(request.User, password);
        if (await AuthenticateAsync(connection, input, request, password, texts, turn) is { } refused)
        {
            return (null, refused);
        }

        (UpstreamSession? session, UpstreamError? error) = await GreetAsync(connection, address, input, request, texts);
        return session is not null && request.NeedsSearchPath
            ? (session with { SearchPath = await SearchPathQuery.RunAsync(connection) }, null)
            : (session, error);
    }

    private static async ValueTask RequireNextAsync(HandshakeInput<UpstreamGreetingFramer> input)
    {
        if (!await input.NextAsync())
        {
            throw new IOException("closed during the login");
        }
    }

    private async ValueTask<UpstreamError?> AuthenticateAsync(
        Connection connection, HandshakeInput<UpstreamGreetingFramer> input, LoginRequest request, Secret? password, UpstreamText texts,
        CancellationToken turn)
    {
        ScramClient? scram = null;
        bool answered = false;
        while (true)
        {
            await RequireNextAsync(input);
            ScramChallenge? challenge = null;
            try
            {
                switch ((BackendMessage)input.Kind)
                {
                    case BackendMessage.ErrorResponse:
                        return UpstreamError.Read(input.BodySpan, answered, texts);
                    case BackendMessage.NoticeResponse:
                        continue;
                    case BackendMessage.Authentication:
                        break;
                    default:
                        ProtocolException.Throw(Peer.Upstream, "a message that does not belong into its authentication");
                        break;
                }

                AuthenticationRequest asked = AuthenticationRequest.Read(input.BodySpan);
                if (asked.Kind == AuthenticationKind.Ok)
                {
                    RequireProven(request, scram, answered, password is not null);
                    return null;
                }

                bool isStep = asked.Kind is AuthenticationKind.SaslContinue or AuthenticationKind.SaslFinal;
                if (answered && !isStep)
                {
                    ProtocolException.Throw(Peer.Upstream, "a second request for a credential");
                }

                switch (asked.Kind)
                {
                    case AuthenticationKind.Sasl:
                        scram = BeginScram(asked, connection, request, password);
                        connection.Output.WriteSaslInitialResponse(scram.Mechanism, scram.First());
                        break;
                    case AuthenticationKind.SaslContinue when scram is not null:
                        challenge = scram.ReadServerFirst(asked.Data);
                        break;
                    case AuthenticationKind.SaslFinal when scram is not null:
                        if (!scram.ReadServerFinal(asked.Data))
                        {
                            return new UpstreamError(ErrorFields.Fatal(SqlState.InvalidPassword, "SCRAM proof refused"), true, false);
                        }

                        continue;
                    case AuthenticationKind.Md5Password:
                        AnswerMd5(asked, connection, request, password);
                        break;
                    case AuthenticationKind.CleartextPassword:
                        connection.Output.WritePasswordMessage(Allowed(request, MethodNames.Cleartext, password).Span);
                        break;
                    default:
                        ProtocolException.Throw(Peer.Upstream, "an authentication request that the gateway does not answer");
                        break;
                }

                answered = true;
            }
            finally
            {
                input.Release();
            }

            if (challenge is { } salted)
            {
                using ScramKeys derived = await DeriveAsync(connection, password!, salted, turn);
                connection.Output.WriteSaslResponse(scram!.Final(derived));
            }

            await connection.Output.FlushAsync(CancellationToken.None);
        }
    }

    private static ScramClient BeginScram(AuthenticationRequest asked, Connection connection, LoginRequest request, Secret? password)
    {
        bool plusAllowed = IsAllowed(request.Target, MethodNames.ScramPlus);
        bool plainAllowed = IsAllowed(request.Target, MethodNames.Scram);
        bool plusOffered = asked.Offers("SCRAM-SHA-256-PLUS"u8) && plusAllowed;
        byte[] binding = connection.Tls is { } tls && plusAllowed ? ChannelBinding.EndPointHash(tls.ServerCertificate) : [];
        bool usePlus = plusOffered && binding.Length > 0;
        if (password is null || (!usePlus && !(plainAllowed && asked.Offers("SCRAM-SHA-256"u8))))
        {
            ProtocolException.Throw(Peer.Upstream, "a SASL mechanism that the target does not allow");
        }

        return new ScramClient(plusOffered, binding, ScramText.NewNonce());
    }

    private static void AnswerMd5(AuthenticationRequest asked, Connection connection, LoginRequest request, Secret? password)
    {
        Span<byte> digest = stackalloc byte[Md5Password.Length];
        Md5Password.Answer(Allowed(request, MethodNames.Md5, password).Span, request.User, asked.Data, digest);
        connection.Output.WritePasswordMessage(digest);
    }

    private static Secret Allowed(LoginRequest request, string method, Secret? password)
    {
        if (password is null || !IsAllowed(request.Target, method))
        {
            ProtocolException.Throw(Peer.Upstream, $"the authentication method {method}, which the target does not allow");
        }

        return password;
    }

    private static bool IsAllowed(TargetConfig target, string method) =>
        target.Authentication.IsEmpty ? DefaultMethods.Contains(method) : target.Authentication.Contains(method);

    /// <summary>AuthenticationOk is believed only from an upstream that did what it had to do before.</summary>
    private static void RequireProven(LoginRequest request, ScramClient? scram, bool answered, bool hasPassword)
    {
        if (scram is not null ? !scram.IsComplete : !answered && !IsAllowed(request.Target, MethodNames.None))
        {
            ProtocolException.Throw(
                Peer.Upstream,
                scram is not null || !hasPassword
                    ? "AuthenticationOk without its own proof"
                    : "AuthenticationOk without asking for the credential, which the target does not allow");
        }
    }

    private async ValueTask<ScramKeys> DeriveAsync(Connection connection, Secret password, ScramChallenge challenge, CancellationToken turn)
    {
        if (keys.Find(password.Span, challenge) is { } known)
        {
            return known;
        }

        try
        {
            return await keys.DeriveAsync(password, challenge, turn);
        }
        finally
        {
            // Also where the turn ended the wait: whoever cleans up touches the connection.
            await connection.Loop.Switch();
        }
    }

    private async ValueTask<(UpstreamSession? Session, UpstreamError? Error)> GreetAsync(
        Connection connection, Address address, HandshakeInput<UpstreamGreetingFramer> input, LoginRequest request, UpstreamText texts)
    {
        // PostgreSQL 18 reports some 15 parameters, together below a kilobyte; a flood of them is not kept.
        const int MaxGreeting = 64 * 1024;
        var greeting = new ArrayBufferWriter<byte>(1024);
        var settings = new ParameterStatusRelay(request.User, request.ShownUser);
        GreetedAs = [];
        int processId = 0;
        byte[] cancelKey = [];
        while (true)
        {
            await RequireNextAsync(input);
            try
            {
                switch ((BackendMessage)input.Kind)
                {
                    case BackendMessage.ParameterStatus:
                        byte[]? named = settings.WriteGreeting(greeting, input.BodySpan);
                        GreetedAs = GreetedAs.Length == 0 && named is not null ? named : GreetedAs;
                        break;
                    case BackendMessage.BackendKeyData when cancelKey.Length == 0:
                        BackendKeyData key = BackendKeyData.Read(input.BodySpan);
                        (processId, cancelKey) = (key.ProcessId, key.Key.ToArray());
                        break;
                    case BackendMessage.NoticeResponse when texts.Tells(input.BodySpan):
                        // A login trigger's greeting, say: the client is not to learn the account's name from the gateway's own greeting.
                        break;
                    case BackendMessage.NoticeResponse:
                        MessageWriter notice = MessageWriter.Begin(greeting, input.Kind, (int)input.Body.Length);
                        notice.Bytes(input.BodySpan);
                        notice.End();
                        break;
                    case BackendMessage.ErrorResponse:
                        return (null, UpstreamError.Read(input.BodySpan, false, texts));
                    case BackendMessage.ReadyForQuery:
                        TransactionStatus status = ReadyForQuery.Read(input.BodySpan);
                        return (new UpstreamSession(connection, address, greeting, processId, cancelKey, status), null);
                    default:
                        ProtocolException.Throw(Peer.Upstream, "a message that does not belong into its greeting");
                        break;
                }

                if (greeting.WrittenCount > MaxGreeting)
                {
                    ProtocolException.Throw(Peer.Upstream, "a greeting without end");
                }
            }
            finally
            {
                input.Release();
            }
        }
    }

    /// <summary>As the config spells them.</summary>
    private static class MethodNames
    {
        public const string ScramPlus = "scram-sha-256-plus";
        public const string Scram = "scram-sha-256";
        public const string Md5 = "md5";
        public const string Cleartext = "cleartext";
        public const string None = "none";
    }
}
