using WireGate.Core.Approvals;
using WireGate.Core.Configuration;

namespace WireGate.Testing.Approvals;

/// <summary>Holds everything on the same terms, or nothing.</summary>
public sealed class GivenTerms : IBeforehandTerms
{
    /// <summary>What it says to everything.</summary>
    public BeforehandAnswer Answer { get; set; } = BeforehandAnswer.Refused("it needs no approval");

    /// <summary>The text that it was asked about last.</summary>
    public byte[] Asked { get; private set; } = [];

    public BeforehandAnswer Judge(GatewayConfig config, TargetConfig target, string database, string? login, string subject, ReadOnlyMemory<byte> sql)
    {
        Asked = sql.ToArray();
        return Answer;
    }

    public BeforehandAnswer JudgeRequest(GatewayConfig config, TargetConfig target, string? login, string subject, ReadOnlyMemory<byte> request)
    {
        Asked = request.ToArray();
        return Answer;
    }
}
