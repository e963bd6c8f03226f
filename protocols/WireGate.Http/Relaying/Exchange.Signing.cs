using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials.Aws;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>Requests that are signed: of what is sent, and of the hash of its body.</content>
internal sealed partial class Exchange
{
    // What the signature says of the body; null: none is made yet.
    private string? _payload;

    private bool IsSigned => Access.Login.Http!.Surface == HttpSurface.Signature;

    // Services of AWS take no chunks.
    private long? OwnLength => _swapped is { } swapped ? swapped.Length : _heldBody is { } held && IsSigned ? held.Bytes.Length : null;

    // How what is sent says where it ends.
    private BodyLength SentBody => OwnLength is not { } length ? Head.Body : length > 0 ? new BodyLength(BodyKind.Counted, length) : default;

    private Refusal? CheckSignable(HttpLoginConfig login) =>
        login.Aws is { } aws && AwsPayload.Of(Head, aws).Problem is { } problem ? new Refusal(SessionEnd.FeatureRefused, problem, problem) : null;

    /// <summary>Finds out what a signature says of the body, which is read for that where the client does not say it.</summary>
    /// <returns>What the exchange ends with; null: it goes on.</returns>
    private async ValueTask<bool?> HashAsync()
    {
        if (_field is not null && !IsFieldOf(Access.Login.Http))
        {
            return await AnswerAsync(403, "this target takes no placeholder there any more", null);
        }

        if (Access.Login.Http!.Aws is not { } aws)
        {
            return null;
        }

        (_payload, string? problem) = AwsPayload.Of(Head, aws);
        if (problem is not null)
        {
            return await AnswerAsync(403, problem, null);
        }

        if (_payload is null && _heldBody is null)
        {
            int most = Math.Min(HeldBody.Most, Session.Config.Limits.InspectedFrame);
            HeldBodyEnd end;
            try
            {
                end = Head.Body.Count > most ? HeldBodyEnd.TooLong : await CollectAsync(most, Head.ExpectsContinue, LongestBody);
                Head.Asked();
            }
            catch (ProtocolException e)
            {
                return await BreakAsync(400, e.Message);
            }

            switch (end)
            {
                case HeldBodyEnd.TooLong:
                    return await AnswerAsync(
                        413,
                        $"a body of more than {most} bytes is not signed, unless X-Amz-Content-Sha256 says its hash or the login leaves bodies unsigned",
                        null);
                case HeldBodyEnd.NoRoom:
                    return await AnswerAsync(503, "the body has to be signed, and too much waits already: try again later", null);
                case HeldBodyEnd.SourceClosed:
                    client.Cut(SessionEnd.ClientClosed, "within the body of a request");
                    return false;
                default:
                    break;
            }
        }

        // Of what people have seen, the hash is ours.
        if (_heldBody is { } held && !aws.IsPayloadUnsigned)
        {
            _payload = await InTurnAsync(held.Bytes.Length, () => AwsPayload.Of(held.Bytes.Span));
        }

        return null;
    }
}
