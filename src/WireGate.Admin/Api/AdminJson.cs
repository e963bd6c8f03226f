using System.Text.Json;
using System.Text.Json.Serialization;

namespace WireGate.Admin.Api;

/// <summary>The wire form of the admin API. Strict: unknown or repeated members, nulls where none may be, and other cases are refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(MintBody))]
[JsonSerializable(typeof(RevokeBody))]
[JsonSerializable(typeof(KillBody))]
[JsonSerializable(typeof(PlaceholderView))]
[JsonSerializable(typeof(IReadOnlyList<PlaceholderView>))]
[JsonSerializable(typeof(IReadOnlyList<ConnectView>))]
[JsonSerializable(typeof(RevokedView))]
[JsonSerializable(typeof(KilledView))]
[JsonSerializable(typeof(IReadOnlyList<SessionView>))]
[JsonSerializable(typeof(WhyView))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(RequestApprovalBody))]
[JsonSerializable(typeof(ApproveBody))]
[JsonSerializable(typeof(DenyBody))]
[JsonSerializable(typeof(ApprovalView))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalView>))]
[JsonSerializable(typeof(DecidedView))]
[JsonSerializable(typeof(ProblemView))]
public sealed partial class AdminJson : JsonSerializerContext;
