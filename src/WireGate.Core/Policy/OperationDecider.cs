using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>
/// Decides what becomes of the operations of one session, each by the config in force at that moment, and asks who else is to be asked. On the
/// session's loop.
/// </summary>
/// <param name="session">Whose caller is proven, and whose access is chosen.</param>
/// <param name="point">Asks elsewhere.</param>
/// <param name="time">The clock.</param>
public sealed class OperationDecider(Session session, DecisionPoint point, TimeProvider time)
{
    private RuleBook _book = session.Config.RuleBook;
    private SessionRules _rules = session.Config.RuleBook.For(SessionFacts.Of(session));

    /// <summary>The rules in force, of a config that the session may not have taken yet: see <see cref="Refresh"/>.</summary>
    public SessionRules Rules => _rules;

    /// <summary>Version of their config.</summary>
    public string Version => _book.Version;

    /// <summary>Takes the config in force.</summary>
    public void Refresh()
    {
        if (session.TakeConfig() && session.Config.RuleBook is { } book && !ReferenceEquals(book, _book))
        {
            _book = book;
            _rules = book.For(SessionFacts.Of(session));
        }
    }

    /// <summary>Decides. Continues on the loop.</summary>
    /// <param name="describe">What is asked for, by what the rules want to know of it; called again when they change meanwhile.</param>
    /// <param name="isRun">It counts for the rules' limits: not if it did before.</param>
    /// <returns>Never throws: what fails while deciding is a denial.</returns>
    public async ValueTask<(Operation Operation, Decision Decision)> DecideAsync(Func<SessionRules, Operation> describe, bool isRun = true)
    {
        ArgumentNullException.ThrowIfNull(describe);
        while (true)
        {
            Refresh();
            RuleBook book = _book;
            Operation operation = describe(_rules);
            DateTimeOffset now = time.GetUtcNow();
            Decision decision = _rules.JudgeHere(operation, now, isRun);
            isRun = false;
            if (_rules.External is { } elsewhere && decision.Verdict != Verdict.Deny)
            {
                SessionFacts facts = SessionFacts.Of(session);
                Decision own = decision;
                decision = await Task.Run(() => point.AskAsync(elsewhere, facts, operation, own, now));
                await session.Loop.Switch();

                // A reload meanwhile may have made it stricter.
                Refresh();
            }

            if (ReferenceEquals(book, _book))
            {
                return (operation, decision);
            }
        }
    }
}
