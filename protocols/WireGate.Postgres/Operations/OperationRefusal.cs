using System.Globalization;
using WireGate.Core.Policy;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Operations;

/// <summary>An operation that is not to be, in the client's words. The session lives on.</summary>
/// <param name="Fields">What the client gets in place of the upstream's error.</param>
/// <param name="Reference">What client and audit log have in common.</param>
internal sealed record OperationRefusal(ErrorFields Fields, string Reference)
{
    // An object with its strings' headers, and a closure; strings beside.
    private const int Constant = 320;

    /// <summary>Bytes in memory, about.</summary>
    public long Weight => Constant + (2L * ((Fields.Message?.Length ?? 0) + (Fields.Detail?.Length ?? 0)));

    /// <summary>The rules refuse it.</summary>
    /// <param name="runs">All that would run: the text, and what its names stand for.</param>
    /// <param name="decision">Why.</param>
    public static OperationRefusal Denied(IReadOnlyList<JudgedText> runs, in Decision decision)
    {
        string reference = Core.Sessions.Reference.New();
        string by = decision.Rule is { } rule ? $"denied by rule \"{rule}\"" : "denied";
        string message = decision.Reason is { } reason ? $"{by}: {reason} (ref {reference})" : $"{by} (ref {reference})";
        return new OperationRefusal(ErrorFields.Error(SqlState.InsufficientPrivilege, message, StatementWords.Of(runs)), reference);
    }

    /// <summary>It would be held, and cannot be.</summary>
    public static OperationRefusal NotHeld(in Decision decision, string why)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(SqlState.InsufficientPrivilege, $"rule \"{decision.Rule}\" asks for approval, and {why} (ref {reference})"), reference);
    }

    /// <summary>Those who said yes are not those whom the rules ask for by now.</summary>
    public static OperationRefusal OfOthers(in Decision decision, string approval)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(
                SqlState.InsufficientPrivilege, $"approval {approval} was given, and rule \"{decision.Rule}\" asks for other people by now (ref {reference})"),
            reference);
    }

    /// <summary>Somebody said no, and why.</summary>
    public static OperationRefusal DeniedByPeople(in Decision decision, string approval, string? reason)
    {
        string reference = Core.Sessions.Reference.New();
        string why = reason is null ? "" : $": {reason}";
        return new OperationRefusal(
            ErrorFields.Error(SqlState.InsufficientPrivilege, $"approval {approval} was denied{why} (ref {reference})", $"held by rule \"{decision.Rule}\""), reference);
    }

    /// <summary>Nobody decided in time.</summary>
    public static OperationRefusal TimedOut(string approval)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(ErrorFields.Error(SqlState.QueryCanceled, $"approval {approval} was not given in time (ref {reference})"), reference);
    }

    /// <summary>Whoever asked no longer wants it.</summary>
    public static OperationRefusal Withdrawn(string approval)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(ErrorFields.Error(SqlState.QueryCanceled, $"approval {approval} was withdrawn (ref {reference})"), reference);
    }

    /// <summary>Whoever asked no longer wants it, before it was decided about: in the upstream's own words.</summary>
    public static OperationRefusal Cancelled()
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(ErrorFields.Error(SqlState.QueryCanceled, $"canceling statement due to user request (ref {reference})"), reference);
    }

    /// <summary>The upstream would refuse it whoever says yes, in these words.</summary>
    public static OperationRefusal InFailedTransaction()
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(
                SqlState.InFailedSqlTransaction, $"current transaction is aborted, commands ignored until end of transaction block (ref {reference})"),
            reference);
    }

    /// <summary>It is larger than what is read before it is judged.</summary>
    public static OperationRefusal TooLarge(long most)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(
                SqlState.ProgramLimitExceeded,
                string.Create(CultureInfo.InvariantCulture, $"the message is larger than the {most} bytes that the gateway reads of it (ref {reference})")),
            reference);
    }

    /// <summary>There are more names than are followed, or they stand for more.</summary>
    public static OperationRefusal TooManyNames()
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(
                SqlState.ProgramLimitExceeded,
                string.Create(CultureInfo.InvariantCulture, $"more than {NameTable.Most} prepared statements or portals, or than the gateway keeps of them: close some, or send it in parts (ref {reference})")),
            reference);
    }

    /// <summary>People may be asked about it, and the session holds as much for them as it may.</summary>
    public static OperationRefusal TooMuchHeld()
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Error(
                SqlState.ProgramLimitExceeded,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the session would hold more than {HeldBytes.MostOfSession} bytes of statements that people may be asked about: close some (ref {reference})")),
            reference);
    }

    /// <summary>It cannot be known that nothing of what a mask hides would pass.</summary>
    /// <param name="what">What of it, with the column where there is one.</param>
    public static OperationRefusal Unmaskable(string what)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(ErrorFields.Error(SqlState.InsufficientPrivilege, $"masking: {what} (ref {reference})"), reference);
    }

    /// <summary>A result is cut off of something that ran, and that an error would not take back: the session ends.</summary>
    /// <param name="what">Why it is.</param>
    public static OperationRefusal OutcomeUnknown(string what)
    {
        string reference = Core.Sessions.Reference.New();
        return new OperationRefusal(
            ErrorFields.Fatal(SqlState.TransactionResolutionUnknown, $"masking: {what}; what ran may be in force all the same: look before you repeat it (ref {reference})"),
            reference);
    }
}
