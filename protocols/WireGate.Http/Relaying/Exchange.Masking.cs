using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Masking;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>What the client does not get to see of a response.</content>
internal sealed partial class Exchange
{
    // Of the request that is served; null: nothing is masked.
    private MaskPlan? _masks;
    private BodyMask? _bodyMask;
    private bool _isUnmaskable;

    /// <summary>Finds out what is masked of what a request will be answered.</summary>
    /// <returns>The decision; a refusal, if that could never be masked.</returns>
    private Decision PlanMasks(in Decision decision)
    {
        _decision = decision;
        _masks = Process.Masks.Of(decision.Masks);
        _isUnmaskable = decision.Verdict != Verdict.Deny && _masks is not null && (!Head.Upgrade.IsEmpty || IsGrpc);
        return _isUnmaskable
            ? decision with { Verdict = Verdict.Deny, Rule = null, Reason = IsGrpc ? "what gRPC answers cannot be masked" : "what follows an upgrade cannot be masked" }
            : decision;
    }

    /// <summary>Prepares for the body of the response.</summary>
    /// <param name="problem">Why it must not pass.</param>
    private bool BeginMask([NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (_masks is null || _response.Body.Kind == BodyKind.None)
        {
            return true;
        }

        // Nothing of any object is in it, a mask would only hide how the members that it is about are described, and kubectl takes it in protobuf alone.
        if (_request is { Kubernetes.DescribesTypes: true } && _response.Code == 200)
        {
            _masks = null;
            return true;
        }

        BodyForm form = MaskableBody.Of(_response, _masks, out problem);
        _bodyMask = problem is null ? _masks.Begin(form) : null;
        return problem is null;
    }

    /// <summary>Waits for the first byte of the answer's body, or for its end: of one that has none nothing need be hidden, whatever its head says.</summary>
    /// <returns>False: there is none.</returns>
    private async ValueTask<bool> HasBodyAsync(UpstreamLeg upstream)
    {
        BodySource body = upstream.BodyOf(_response);
        _clock.Receives(true);
        try
        {
            while (true)
            {
                ReadResult read = await body.Input.ReadAsync();
                bool? isSome = IsSome(read, body.Length);
                body.Input.AdvanceTo(read.Buffer.Start, isSome is null ? read.Buffer.End : read.Buffer.Start);
                if (isSome is { } known)
                {
                    return known;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or ProtocolException)
        {
            return true;
        }
        finally
        {
            _clock.Receives(false);
        }
    }

    private static bool? IsSome(in ReadResult read, BodyLength length)
    {
        var scan = new BodyScan(Peer.Upstream, length);
        foreach (ReadOnlyMemory<byte> segment in read.Buffer)
        {
            for (ReadOnlySpan<byte> rest = segment.Span; !rest.IsEmpty && !scan.IsDone;)
            {
                rest = rest[scan.Read(rest, out int count)..];
                if (count > 0)
                {
                    return true;
                }
            }
        }

        return scan.IsDone ? false : read.IsCompleted ? !scan.IsUntilClose : null;
    }

    private void EndMask()
    {
        if (_bodyMask is not null)
        {
            _masks!.Return(_bodyMask);
            _bodyMask = null;
        }
    }

    /// <summary>The answer cannot be masked: nothing of it passes, and what was asked is done all the same.</summary>
    private ValueTask<bool> WithholdAsync(string problem)
    {
        string reference = Reference.New();
        Process.Audit.Append(Session.Event(AuditEventKind.SessionRefused) with
        {
            End = SessionEnd.FeatureRefused,
            Reference = reference,
            Detail = $"an answer was withheld that cannot be masked: {problem}",
        });

        // 502 would have clients of gRPC ask again for what is done. What failed has failed, whatever was said about it; 407 would be this gateway's.
        int status = IsGrpc ? 500 : _response.Code is >= 400 and not 407 ? _response.Code : 502;
        return AnswerAsync(status, $"the request was made, and its answer cannot be masked: {problem}", reference);
    }

    // It is cut, so that it is not taken for whole.
    private void CutWithin(BodyEnd received, ErrorCode? reset) => client.Cut(
        received switch
        {
            _ when _clientProblem is not null => _clientProblem == BodyDecoder.NoRoom ? SessionEnd.LimitReached : SessionEnd.ClientBrokeProtocol,
            // The upstream was told to stop for a client that is gone.
            BodyEnd.SourceClosed => client.IsGone ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed,
            BodyEnd.Unmaskable => SessionEnd.UpstreamBrokeProtocol,
            _ => SessionEnd.ClientClosed,
        },
        _clientProblem ?? (received == BodyEnd.Unmaskable ? $"the rest of a response cannot be masked: {_bodyMask?.Problem ?? "a message is compressed"}" : "within the body of a response"),

        // What was answered was not refused, whatever the upstream says then.
        received == BodyEnd.SourceClosed && reset != ErrorCode.REFUSED_STREAM ? reset : null);
}
