using System.Collections.Generic;
using System.IO;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;

namespace MailEnhanceService.Http
{
    // What docs/api.md tells, as far as it is used here; unknown members are passed over.

    [DataContract]
    internal sealed class WireMessage
    {
        [DataMember(Name = "to")] internal List<string> To { get; set; }
        [DataMember(Name = "company", EmitDefaultValue = false)] internal string Company { get; set; }
        [DataMember(Name = "subject", EmitDefaultValue = false)] internal string Subject { get; set; }
        [DataMember(Name = "text", EmitDefaultValue = false)] internal string Text { get; set; }
        [DataMember(Name = "html", EmitDefaultValue = false)] internal string Html { get; set; }
        [DataMember(Name = "template", EmitDefaultValue = false)] internal string Template { get; set; }
        [DataMember(Name = "lang", EmitDefaultValue = false)] internal string Language { get; set; }
        [DataMember(Name = "kind", EmitDefaultValue = false)] internal string Kind { get; set; }
        [DataMember(Name = "account", EmitDefaultValue = false)] internal string Account { get; set; }
        [DataMember(Name = "vars", EmitDefaultValue = false)] internal Dictionary<string, string> Variables { get; set; }
        [DataMember(Name = "attachments", EmitDefaultValue = false)] internal List<WireAttachment> Attachments { get; set; }
    }

    [DataContract]
    internal sealed class WireAttachment
    {
        [DataMember(Name = "uploadId")] internal string UploadId { get; set; }
        [DataMember(Name = "name")] internal string Name { get; set; }
    }

    [DataContract]
    internal sealed class WireUpload
    {
        [DataMember(Name = "id")] internal string Id { get; set; }
    }

    [DataContract]
    internal sealed class WireAccepted
    {
        [DataMember(Name = "id")] internal string Id { get; set; }
        [DataMember(Name = "rejected")] internal List<WireRejected> Rejected { get; set; }
        [DataMember(Name = "warnings")] internal List<string> Warnings { get; set; }
    }

    [DataContract]
    internal sealed class WireRejected
    {
        [DataMember(Name = "index")] internal int Index { get; set; }
        [DataMember(Name = "address")] internal string Address { get; set; }
        [DataMember(Name = "error")] internal string Error { get; set; }
    }

    [DataContract]
    internal sealed class WireJob
    {
        [DataMember(Name = "counts")] internal WireCounts Counts { get; set; }
    }

    [DataContract]
    internal sealed class WireCounts
    {
        [DataMember(Name = "queued")] internal long Queued { get; set; }
        [DataMember(Name = "deferred")] internal long Deferred { get; set; }
    }

    [DataContract]
    internal sealed class WirePage
    {
        [DataMember(Name = "items")] internal List<WireRecipient> Items { get; set; }
        [DataMember(Name = "next")] internal string Next { get; set; }
    }

    [DataContract]
    internal sealed class WireRecipient
    {
        [DataMember(Name = "address")] internal string Address { get; set; }
        [DataMember(Name = "status")] internal string Status { get; set; }
        [DataMember(Name = "account")] internal string Account { get; set; }
        [DataMember(Name = "code")] internal int Code { get; set; }
        [DataMember(Name = "enhanced")] internal string Enhanced { get; set; }
        [DataMember(Name = "reply")] internal string Reply { get; set; }
        [DataMember(Name = "advice")] internal string Advice { get; set; }
        [DataMember(Name = "attempts")] internal int Attempts { get; set; }
        [DataMember(Name = "messageId")] internal string MessageId { get; set; }
    }

    [DataContract]
    internal sealed class WireProblem
    {
        [DataMember(Name = "type")] internal string Type { get; set; }
        [DataMember(Name = "detail")] internal string Detail { get; set; }
        [DataMember(Name = "reason")] internal string Reason { get; set; }
        [DataMember(Name = "advice")] internal string Advice { get; set; }
        [DataMember(Name = "errors")] internal List<WireComplaint> Errors { get; set; }
    }

    [DataContract]
    internal sealed class WireComplaint
    {
        [DataMember(Name = "field")] internal string Field { get; set; }
        [DataMember(Name = "reason")] internal string Reason { get; set; }
    }

    internal static class Wire
    {
        private static readonly DataContractJsonSerializerSettings Settings =
            new DataContractJsonSerializerSettings { UseSimpleDictionaryFormat = true };

        internal static byte[] Write<T>(T value)
        {
            using (var bytes = new MemoryStream())
            {
                new DataContractJsonSerializer(typeof(T), Settings).WriteObject(bytes, value);
                return bytes.ToArray();
            }
        }

        internal static T Read<T>(Stream stream) => (T)new DataContractJsonSerializer(typeof(T), Settings).ReadObject(stream);
    }
}
