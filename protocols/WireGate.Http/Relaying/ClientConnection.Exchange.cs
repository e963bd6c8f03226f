using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>One request made, and its response passed on.</content>
internal sealed partial class ClientConnection
{
    // 100, 102 and 103 are all that there are; an upstream may say where it is again and again.
    private const int MostInterim = 16;

    // What a client still sends when it has been answered is read so far, so that it reads the answer: a reset would take that from it.
    private const int MostLingering = 256 * 1024;
    private static readonly TimeSpan LongestLingering = TimeSpan.FromSeconds(2);

    private readonly BodyRelay _clientBodies = new(Peer.Client);
    private readonly BodyRelay _upstreamBodies = new(Peer.Upstream);
    private readonly ResponseHead _response = new();
    private bool _isAnswered;

    /// <summary>How an exchange on one connection to the upstream went.</summary>
    private enum Exchanged
    {
        /// <summary>The client's connection ends.</summary>
        Ended = 0,

        /// <summary>It may send another request.</summary>
        Done,

        /// <summary>The upstream had closed the connection before it saw the request, which may be made again.</summary>
        Stale,
    }

    /// <returns>False: the client's connection ends.</returns>
    private async ValueTask<bool> ExchangeAsync(AuditPosition written, bool isSafe)
    {
        var key = new UpstreamKey(session.Access!.Target, session.Access.Login);
        while (true)
        {
            UpstreamConnection? upstream = null;
            Refusal? refusal = null;
            try
            {
                upstream = pool.Take(key) ?? await pool.ConnectAsync(key, session.Config.Limits.Connect, CancellationToken.None);
            }
            catch (IOException e)
            {
                refusal = new Refusal(SessionEnd.UpstreamUnreachable, "the upstream cannot be reached", e.Message);
            }
            catch (ProtocolException e)
            {
                refusal = new Refusal(SessionEnd.UpstreamNotTrusted, "the upstream is not what it should be", e.Message);
            }

            Credential? credential = refusal is null ? credentials.Find(key.Login.Http!) : null;
            if (refusal is null && credential is null)
            {
                (credential, refusal) = await FetchAsync(key.Login);
            }

            if (refusal is not null || session.End != SessionEnd.None)
            {
                Close(upstream);
                return session.End == SessionEnd.None && await FailAsync(refusal!);
            }

            switch (await ExchangeAsync(upstream!, credential!, written, isSafe))
            {
                case Exchanged.Done:
                    return true;
                case Exchanged.Ended:
                    return false;
                default:
                    break;
            }
        }
    }

    private async ValueTask<Exchanged> ExchangeAsync(UpstreamConnection upstream, Credential credential, AuditPosition written, bool isSafe)
    {
        WriteRequest(upstream.Connection.Output, upstream.Key.Target, credential);

        // A client that is gone wants no answer: nginx ends the request then, too.
        session.Client.HungUp = upstream.Connection.Abort;
        session.Interrupt = () =>
        {
            upstream.Connection.Abort();
            session.Client.Abort();
        };
        bool isKept = false;
        ValueTask<BodyEnd> sending = SendAsync(upstream);
        try
        {
            bool isThere = false;
            try
            {
                isThere = await ReadResponseAsync(upstream.Connection.Input);
            }
            catch (ProtocolException e)
            {
                // Its connection says nothing any more that could be believed.
                await StopAsync(upstream, sending);
                return await FailAsync(new Refusal(SessionEnd.UpstreamBrokeProtocol, "the upstream's answer is no HTTP", e.Message)) ? Exchanged.Done : Exchanged.Ended;
            }

            if (!isThere)
            {
                bool isReplayable = upstream.IsReused && _head.Body.Kind == BodyKind.None && IsIdempotent;
                BodyEnd unsent = await StopAsync(upstream, sending);
                return await FinishUnansweredAsync(unsent, isReplayable);
            }

            if (isSafe && session.Config.Audit.Reads == ReadAudit.Wait)
            {
                await services.Audit.WhenDurableAsync(written, session.Loop);
            }

            bool inChunks = !_head.IsHttp10;
            bool isLast = _head.IsLast || _head.IsHttp10 || !sending.IsCompleted;
            HeadWriter.WriteResponse(Output, _response, isLast, inChunks);
            _isAnswered = true;
            BodyEnd received = await ReceiveAsync(upstream, inChunks && _response.Body.Kind is BodyKind.Chunked or BodyKind.UntilClose);
            bool isSent = sending.IsCompleted;
            BodyEnd sent = isSent ? await sending : await StopAsync(upstream, sending);
            isKept = isSent && sent == BodyEnd.Complete && received == BodyEnd.Complete && !_response.IsLast && _response.Body.Kind != BodyKind.UntilClose;
            if (received != BodyEnd.Complete)
            {
                // Cut, so that it is not taken for whole.
                session.TryEnd(received == BodyEnd.SourceClosed ? SessionEnd.UpstreamClosed : SessionEnd.ClientClosed, "within the body of a response");
                session.Client.Abort();
                return Exchanged.Ended;
            }

            if (isLast || sent != BodyEnd.Complete)
            {
                await LingerAsync();
                return Exchanged.Ended;
            }

            return Exchanged.Done;
        }
        finally
        {
            session.Client.HungUp = null;
            session.Interrupt = null;
            _response.Clear();
            if (isKept)
            {
                pool.Return(upstream);
            }
            else
            {
                Close(upstream);
            }
        }
    }

    private bool IsIdempotent =>
        _head.Method.SequenceEqual("GET"u8) || _head.Method.SequenceEqual("HEAD"u8) || _head.Method.SequenceEqual("OPTIONS"u8)
        || _head.Method.SequenceEqual("PUT"u8) || _head.Method.SequenceEqual("DELETE"u8);

    private void WriteRequest(PipeWriter output, TargetConfig target, Credential credential)
    {
        RequestTarget asked = _head.ReadTarget();
        ReadOnlySpan<byte> path = PathOf(asked);
        ReadOnlySpan<byte> query = _slot.Kind == SlotKind.Query ? WithoutPlaceholder(asked.Query) : asked.Query;
        bool hasQuery = _slot.Kind == SlotKind.Query ? !query.IsEmpty : asked.HasQuery;
        byte[] whole = ArrayPool<byte>.Shared.Rent(path.Length + 1 + query.Length);
        path.CopyTo(whole);
        int length = path.Length;
        if (hasQuery)
        {
            whole[length++] = (byte)'?';
            query.CopyTo(whole.AsSpan(length));
            length += query.Length;
        }

        HeadWriter.WriteRequest(output, _head, whole.AsSpan(0, length), AuthorityOf(target), _slot, credential);
        ArrayPool<byte>.Shared.Return(whole);
    }

    // As the client of that upstream would name it: with a port if it is not the scheme's own.
    private static byte[] AuthorityOf(TargetConfig target)
    {
        Address address = target.Addresses[0];
        int usual = target.Tls.Mode == TlsMode.Disable ? 80 : 443;
        string host = address.Host is { } name ? name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name : "localhost";
        return Encoding.ASCII.GetBytes(address.Port is { } port && port != usual ? $"{host}:{port}" : host);
    }

    private async ValueTask<BodyEnd> SendAsync(UpstreamConnection upstream)
    {
        BodyEnd end = BodyEnd.SourceClosed;
        try
        {
            end = await _clientBodies.RunAsync(Input, upstream.Connection.Output, _head.Body, _head.Body.Kind == BodyKind.Chunked);
        }
        catch (IOException)
        {
            // The client was lost.
        }
        catch (ProtocolException e)
        {
            _clientProblem = e.Message;
        }

        if (end == BodyEnd.SourceClosed)
        {
            // The upstream would wait for the rest.
            upstream.Connection.Abort();
        }

        return end;
    }

    private string? _clientProblem;

    private async ValueTask<BodyEnd> ReceiveAsync(UpstreamConnection upstream, bool inChunks)
    {
        try
        {
            return await _upstreamBodies.RunAsync(upstream.Connection.Input, Output, _response.Body, inChunks);
        }
        catch (Exception e) when (e is IOException or ProtocolException)
        {
            return BodyEnd.SourceClosed;
        }
    }

    /// <summary>Reads up to the head of the final response, and passes on those before it.</summary>
    /// <returns>False: the upstream closed before any of it came.</returns>
    /// <exception cref="ProtocolException">It is none.</exception>
    private async ValueTask<bool> ReadResponseAsync(PipeReader input)
    {
        _response.IsToHead = _head.Method.SequenceEqual("HEAD"u8);
        int interim = 0;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(CancellationToken.None);
            }
            catch (IOException)
            {
                return interim > 0 ? throw new ProtocolException(Peer.Upstream, "closed within its answer") : false;
            }

            bool isHead = _response.TryRead(read.Buffer, out SequencePosition consumed);
            bool isEmpty = read.Buffer.IsEmpty;
            input.AdvanceTo(consumed, isHead ? consumed : read.Buffer.End);
            if (!isHead)
            {
                if (read.IsCompleted)
                {
                    return isEmpty && interim == 0 ? false : throw new ProtocolException(Peer.Upstream, "closed within its answer");
                }

                continue;
            }

            if (!_response.IsInterim)
            {
                return _response.Code != 101 ? true : throw new ProtocolException(Peer.Upstream, "101, which nobody asked for");
            }

            if (++interim > MostInterim)
            {
                throw new ProtocolException(Peer.Upstream, $"more than {MostInterim} interim answers");
            }

            if (!_head.IsHttp10)
            {
                HeadWriter.WriteResponse(Output, _response, isLast: false, inChunks: false);
                await Output.FlushAsync(CancellationToken.None);
            }

            _response.Clear();
        }
    }

    private async ValueTask<BodyEnd> StopAsync(UpstreamConnection upstream, ValueTask<BodyEnd> sending)
    {
        if (!sending.IsCompleted)
        {
            _clientBodies.Stop(Input);
            upstream.Connection.Abort();
        }

        return await sending;
    }

    private async ValueTask<Exchanged> FinishUnansweredAsync(BodyEnd sent, bool isReplayable)
    {
        if (session.End != SessionEnd.None)
        {
            return Exchanged.Ended;
        }

        if (_clientProblem is { } problem)
        {
            await BreakAsync(400, problem);
            return Exchanged.Ended;
        }

        if (sent == BodyEnd.SourceClosed || session.Client.IsHungUp)
        {
            session.TryEnd(SessionEnd.ClientClosed, "before it was answered");
            return Exchanged.Ended;
        }

        return isReplayable ? Exchanged.Stale
            : await FailAsync(new Refusal(SessionEnd.UpstreamClosed, "the upstream closed before it answered", "the upstream closed before it answered")) ? Exchanged.Done
            : Exchanged.Ended;
    }

    private async ValueTask<(Credential? Credential, Refusal? Refusal)> FetchAsync(LoginConfig login)
    {
        try
        {
            Credential? credential = await credentials.FetchAsync(login.Http!, fresh: false, CancellationToken.None);
            await session.Loop.Switch();
            if (credential is not null)
            {
                return (credential, null);
            }

            services.Logger.CredentialUnfit(session.Access!.Target.Name, login.Name);
            return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", "the secret is empty, or has a control character in it"));
        }
        catch (SecretUnavailableException e)
        {
            await session.Loop.Switch();
            return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", e.Message));
        }
    }

    /// <summary>The upstream's fault: the client is told, and may go on if it has said all that it had to say.</summary>
    private async ValueTask<bool> FailAsync(Refusal refusal)
    {
        troubles.Tell(session.Access!, refusal);
        services.Audit.Append(session.Event(AuditEventKind.SessionRefused) with { End = refusal.End, Reference = refusal.Reference, Detail = refusal.Detail });
        bool isLast = _head.IsLast || _head.IsHttp10 || _head.Body.Kind != BodyKind.None;
        return await AnswerAsync(Refusals.StatusOf(refusal.End), refusal.Message, refusal.Reference, isLast);
    }

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> AnswerAsync(int status, string detail, string? reference, bool isLast)
    {
        _isAnswered = true;
        Refusals.Write(Output, status, detail, reference, _head.Length > 0 && _head.Method.SequenceEqual("HEAD"u8), isLast);
        bool isGone = (await Output.FlushAsync(CancellationToken.None)).IsCompleted;
        if (isLast && !isGone)
        {
            await LingerAsync();
        }

        return !isLast && !isGone;
    }

    /// <summary>Reads on for a moment, for nothing.</summary>
    private async ValueTask LingerAsync()
    {
        if (_isLingered)
        {
            return;
        }

        _isLingered = true;
        if (_head.Length > 0 && _head.Body.Kind == BodyKind.None)
        {
            return;
        }

        _clock.Set(LongestLingering, SessionEnd.ClientClosed, isKept: false);
        long read = 0;
        while (read < MostLingering)
        {
            ReadResult result = await Input.ReadAsync(CancellationToken.None);
            read += result.Buffer.Length;
            Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        _clock.Stop();
    }

    private bool _isLingered;

    private static void Close(UpstreamConnection? upstream)
    {
        if (upstream is not null)
        {
            UpstreamPool.Close(upstream);
        }
    }
}
