using System.CommandLine;
using System.Text.Json;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary><c>wiregate why REF</c></summary>
internal static class WhyCommand
{
    // The heading says them.
    private static readonly string[] Above = ["time", "ref"];

    // Whose session it is, and what it reaches; what else its record says is told of every session.
    private static readonly string[] OfSession = ["identity", "placeholder", "source", "target", "login", "grant", "database", "application"];

    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig)
    {
        AdminOptions admin = new(readConfig);
        Argument<string> reference = new("REF") { Description = "The short reference that the refusal carried" };
        Command command = new("why", "Say what lies behind a refusal") { reference };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string path = $"v1/why/{Uri.EscapeDataString(parsed.GetRequiredValue(reference))}";
            WhyView why = await client.GetAsync(path, AdminJson.Default.WhyView, cancellationToken);
            admin.Print(parsed, why, AdminJson.Default.WhyView, (output, isTerminal) =>
            {
                List<IReadOnlyList<string?>> rows = [["time", AdminOptions.Show(why.Time)], ["record", $"{why.Chain}/{why.Sequence}"]];
                rows.AddRange(MembersOf(why.Record).Where(m => !Above.Contains(m.Name)).Select(Row));
                rows.AddRange(MembersOf(why.Session ?? default).Where(m => OfSession.Contains(m.Name)).Select(Row));

                Table.Write(output, isTerminal, ["REFERENCE", why.Reference], rows);
            });
        });
        return command;
    }

    private static JsonElement.ObjectEnumerator MembersOf(JsonElement record) => record.ValueKind == JsonValueKind.Object ? record.EnumerateObject() : default;

    private static IReadOnlyList<string?> Row(JsonProperty member) => [member.Name, member.Value.ToString()];
}
