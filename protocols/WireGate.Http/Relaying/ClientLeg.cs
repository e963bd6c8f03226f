using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Http2;

namespace WireGate.Http.Relaying;

/// <summary>
/// The client's side of an exchange, whatever frames its messages: what it asks, and the ways in which it is answered. One exchange after the other,
/// on the session's loop.
/// </summary>
internal abstract class ClientLeg
{
    /// <summary>What it asks; of no length: it asked nothing that could be read.</summary>
    public abstract RequestHead Head { get; }

    /// <summary>The scheme that it names is https; null: it names none.</summary>
    public abstract bool? IsForSecure { get; }

    /// <summary>Where the body of that is.</summary>
    public abstract BodySource Body { get; }

    /// <summary>It reads fields behind the body of an answer.</summary>
    public abstract bool TakesTrailers { get; }

    /// <summary>It is known to be gone.</summary>
    public abstract bool IsGone { get; }

    /// <summary>It is known to send nothing more: it waits for the rest of what it asked for, or is gone and nobody knows.</summary>
    public abstract bool HasFinished { get; }

    /// <summary>Changes whenever the client takes something of what there is for it, as far as the transport knows.</summary>
    public abstract long Taken { get; }

    /// <summary>Called when the client is gone, where that is known while nobody reads.</summary>
    public abstract Action? Gone { set; }

    /// <summary>Called when the session is ended from outside, before its client is cut off.</summary>
    public abstract Action? Interrupted { set; }

    /// <summary>Knows when the client is gone while it waits. For one wait.</summary>
    public abstract ClientWatch Watch();

    /// <summary>Sets how long the client may take for what it is doing; it is cut off then.</summary>
    public abstract void SetLimit(TimeSpan within);

    /// <summary>It is done.</summary>
    public abstract void EndLimit();

    /// <summary>Asks for the body of a client that waits to be asked: 100.</summary>
    public abstract ValueTask ContinueAsync();

    /// <summary>Passes on an answer before the answer: 1xx.</summary>
    /// <param name="interim">As the upstream sent it.</param>
    /// <param name="places">Where the upstream is for whom.</param>
    public abstract ValueTask PassAsync(ResponseHead interim, in Places places);

    /// <summary>Passes on the head of the answer.</summary>
    /// <param name="response">As the upstream sent it.</param>
    /// <param name="places">Where the upstream is for whom.</param>
    /// <param name="isMasked">Its body is masked, or what would be of it if it had one.</param>
    /// <param name="isRead">All of the request was read.</param>
    /// <returns>Where its body goes.</returns>
    public abstract BodySink Begin(ResponseHead response, in Places places, bool isMasked, bool isRead);

    /// <summary>All of the answer was passed on.</summary>
    /// <returns>False: the client's connection ends.</returns>
    public abstract ValueTask<bool> EndAsync();

    /// <summary>Answers for the gateway itself.</summary>
    /// <param name="answer">All of it.</param>
    /// <param name="isRead">All of the request was read.</param>
    /// <param name="isLast">The client gets no other answer.</param>
    /// <returns>False: the client's connection ends.</returns>
    public abstract ValueTask<bool> AnswerAsync(Answer answer, bool isRead, bool isLast);

    /// <summary>Passes on a 101.</summary>
    /// <param name="response">As the upstream sent it.</param>
    /// <returns>What carries what is behind it.</returns>
    public abstract Connection Upgrade(ResponseHead response);

    /// <summary>The exchange cannot end as it should: it is cut, so that nothing of it is taken for whole.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="detail">For the audit log.</param>
    /// <param name="code">What the upstream ended it with; null: it did not.</param>
    public abstract void Cut(SessionEnd reason, string detail, ErrorCode? code = null);

    /// <summary>The upstream ended the exchange before it answered, and so it is ended here.</summary>
    /// <param name="code">With what.</param>
    /// <returns>False: the client could not be told so.</returns>
    public abstract bool TryReset(ErrorCode code);
}
