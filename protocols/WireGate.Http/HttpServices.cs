using Microsoft.Extensions.Logging;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Http.Masking;

namespace WireGate.Http;

/// <summary>What a session needs of the process that it runs in.</summary>
/// <param name="Placeholders">Who may be who.</param>
/// <param name="Secrets">The real credentials.</param>
/// <param name="Approvals">Held requests and sessions.</param>
/// <param name="Audit">Where everything is written first.</param>
/// <param name="Admission">Limits and penalties.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For the operator.</param>
public sealed record HttpServices(
    IPlaceholderStore Placeholders, SecretProvider Secrets, IApprovals Approvals, IAuditLog Audit, Admission Admission, TimeProvider Time,
    ILogger<HttpProtocol> Logger)
{
    /// <summary>Counts what is not written one by one; null: all is.</summary>
    public TurnedAway? TurnedAway { get; init; }

    /// <summary>Of the hashes that masks show.</summary>
    public ReadOnlyMemory<byte> MaskKey { get; init; }

    /// <summary>Keeps what people saw of exec and attach; null: nobody does.</summary>
    public IRecorder? Recorder { get; init; }

    internal MaskPlans Masks => field ??= new MaskPlans(MaskKey);
}
